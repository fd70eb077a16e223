import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requireClientConfig, writeClientConfig } from '../../cli/client-config.ts';
import { rulesByDigest } from '../../cli/connect/rules.ts';
import { makeApprover, soleApprover, solePowers } from '../../cli/local/approver.ts';
import type { ManifestFile } from '../../contracts/manifest.ts';
import { digestOf } from '../../policies/digest.ts';
import { parseRunbook } from '../../policies/runbook.ts';
import { newDevelopmentKey, publicHalf } from '../../servers/keys.ts';
import type { Given } from './under-test.ts';
import { holdpoint } from './under-test.ts';

const runbookName = 'postgres-blocked-by-idle-transaction';
const runbookFile = join(import.meta.dirname, '..', '..', 'runbooks', `${runbookName}.yaml`);

describe('manifests and runbooks on the command line', () => {
  let dir: string;
  let given: Given;
  const platform = newDevelopmentKey();
  const sign = (...more: string[]) =>
    holdpoint(
      [
        ...['manifest', 'sign', '--runbooks', 'runbooks', '--approvers', 'approvers.yaml', '--powers', 'powers.yaml'],
        ...['--limits', 'limits.yaml', '--bundle', 'b'.repeat(64), '--judge-build', 'd'.repeat(64)],
        ...['--key', 'platform.jwk.json', '--out', 'manifests', '--mode', 'development', ...more],
      ],
      given,
    );

  const fileOf = async (version: number): Promise<ManifestFile> =>
    JSON.parse(await readFile(join(dir, 'manifests', `manifest-${version}.json`), 'utf8'));

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'holdpoint-manifest-'));
    given = { cwd: dir, env: { HOLDPOINT_HOME: dir } };
    const text = await readFile(runbookFile, 'utf8');
    const { runbook } = parseRunbook(text, runbookName);
    for (const folder of ['runbooks', 'manifests']) await mkdir(join(dir, folder));
    const approver = await makeApprover('someone', join(dir, 'id'));
    const write = (name: string, value: unknown) => writeFile(join(dir, name), JSON.stringify(value));
    await writeFile(join(dir, 'runbooks', 'one.yaml'), text);
    await write('approvers.yaml', soleApprover(approver, [runbook]));
    await write('powers.yaml', solePowers([runbook]));
    await write('limits.yaml', {});
    await write('platform.jwk.json', platform);
    await writeClientConfig(dir, {
      v: 1,
      temporal: { address: '127.0.0.1:1', namespace: 'default' },
      temporalUi: null,
      recorderUrl: 'http://127.0.0.1:1',
      gatewayUrl: 'http://127.0.0.1:1',
      keys: { platform: [publicHalf(platform)] },
      manifestDir: join(dir, 'manifests'),
      archiveDir: join(dir, 'archive'),
      runbooksDir: null,
      alertTokenFile: null,
      sshKey: approver.keyFile,
      person: 'someone',
    });
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  it('signs version after version, and never one twice', async () => {
    expect(JSON.parse((await sign('--json')).out)).toMatchObject({ ok: true, version: 1 });
    expect(JSON.parse((await sign('--json')).out)).toMatchObject({ ok: true, version: 2 });
  });

  it('shows and verifies what it signed', async () => {
    const shown = await holdpoint(['manifest', 'show', '--json'], given);
    expect(JSON.parse(shown.out)).toMatchObject({
      version: 2,
      runbooks: [{ id: runbookName }],
      people: [{ person: 'someone' }],
    });
    expect((await holdpoint(['manifest', 'verify', 'manifests/manifest-1.json'], given)).status).toBe(0);
  });

  it('finds the manifest that an action names, also when it is not the newest, and no other', async () => {
    const config = requireClientConfig({ env: given.env ?? {}, cwd: dir });
    const digest = async (version: number) => digestOf((await fileOf(version)).manifest.payload);
    const find = async (named: string) => (await rulesByDigest(config, named, Date.now())).version;
    expect([await find(await digest(1)), await find(await digest(2))]).toEqual([1, 2]);
    await expect(find('a'.repeat(64))).rejects.toMatchObject({ code: 'MANIFEST_UNKNOWN' });
    const nowhere = { ...config, manifestDir: null };
    await expect(rulesByDigest(nowhere, await digest(1), Date.now())).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const forged = await fileOf(2);
    const payload = { ...forged.manifest.payload, notAfter: '2099-01-01T00:00:00.000Z' };
    const text = JSON.stringify({ ...forged, manifest: { ...forged.manifest, payload } });
    await writeFile(join(dir, 'manifests', 'manifest-9.json'), text);
    await expect(find(digestOf(payload))).rejects.toMatchObject({ code: 'MANIFEST_UNSIGNED' });
    await rm(join(dir, 'manifests', 'manifest-9.json'));
  });

  it('refuses a changed manifest, one for production that development signed, and what is none', async () => {
    const text = await readFile(join(dir, 'manifests', 'manifest-1.json'), 'utf8');
    await writeFile(join(dir, 'changed.json'), text.replace('"version":1', '"version":9'));
    await writeFile(join(dir, 'none.json'), '[]');
    const statusOf = async (...argv: string[]) => (await holdpoint(['manifest', 'verify', ...argv], given)).status;
    expect(await statusOf('changed.json')).toBe(1);
    expect(await statusOf('none.json')).toBe(1);
    expect(await statusOf('missing.json')).toBe(1);
    expect(await statusOf('manifests/manifest-1.json', '--mode', 'production')).toBe(1);
  });

  it('signs nothing that a process would refuse, and never shows the key', async () => {
    await writeFile(join(dir, 'runbooks', 'bad.yaml'), 'v: 1\nid: bad\n');
    const ran = await sign();
    expect(ran.status).toBe(1);
    expect(ran.err).toContain('RUNBOOK_INVALID');
    await rm(join(dir, 'runbooks', 'bad.yaml'));
    await writeFile(join(dir, 'broken.json'), JSON.stringify({ ...platform, crv: 'X25519' }));
    const broken = await sign('--key', 'broken.json');
    expect(broken.status).toBe(1);
    expect(`${broken.out}${broken.err}`).not.toContain(platform.d);
  });

  it('signs no change of a runbook that the manifest does not have, nor one whose standing nobody can show', async () => {
    const waive = (name: string) => holdpoint(['runbook', 'waive', name, '--ring', '2', '--yes', '--json'], given);
    expect(JSON.parse((await waive('no-such')).out)).toMatchObject({ error: { code: 'NOT_FOUND' } });
    expect(JSON.parse((await waive(runbookName)).out)).toMatchObject({ error: { code: 'RECORDER_AWAY' } });
  });

  it('says so when the recorder is away, or the log is not there yet', async () => {
    const status = await holdpoint(['runbook', 'status', '--json'], given);
    expect(JSON.parse(status.out)).toMatchObject({ ok: false, error: { code: 'RECORDER_AWAY' } });
    const verified = await holdpoint(['verify'], given);
    expect(verified.status).toBe(1);
    expect(verified.err).toContain('next: ');
  });
});
