import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ProcessConfig } from '../../contracts/config.ts';
import { openManifest } from '../../policies/manifest.ts';
import { newDevelopmentKey } from '../../servers/keys.ts';
import type { Workspace, WorkspaceOptions } from '../../servers/workspace.ts';
import { prepareWorkspace, processNames } from '../../servers/workspace.ts';

const root = join(import.meta.dirname, '..', '..');
const read = (...path: string[]): string => readFileSync(join(root, ...path), 'utf8');
const runbook = { file: 'runbook.yaml', text: read('runbooks', 'postgres-blocked-by-idle-transaction.yaml') };
const parts = {
  runbooks: [runbook],
  approvers: read('deploy', 'defaults', 'approvers.yaml'),
  powers: read('deploy', 'defaults', 'powers.yaml'),
  limits: read('deploy', 'defaults', 'limits.yaml'),
};
const url = 'postgres://monitor:planted-password@127.0.0.1:1/payments';
const routingKey = 'planted0routing0key0planted0key0';
const target = { database: 'payments', mintUrl: url };

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'holdpoint-workspace-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const prepare = (changes: Partial<WorkspaceOptions> = {}): Promise<Workspace> =>
  prepareWorkspace({
    dir,
    mode: 'development',
    role: 'payments-db',
    targets: [target],
    notify: [{ kind: 'pagerduty', name: 'oncall', routingKey }],
    model: 'rules',
    ...parts,
    ...changes,
  });

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

describe('a workspace', () => {
  it('gives each process a configuration of its own that parses, on ports of its own', async () => {
    const workspace = await prepare();
    const configs = processNames.map((name) => JSON.parse(readFileSync(workspace.configFiles[name], 'utf8')));
    expect(configs.map((config) => ProcessConfig.parse(config).process)).toEqual([...processNames]);
    expect(new Set(configs.map((config) => config.health.port)).size).toBe(processNames.length);
  });

  it('signs a manifest that a process opens, and that production refuses', async () => {
    const { manifest, keys } = await prepare();
    const rules = openManifest({ raw: manifest, keys, mode: 'development', now: Date.now() });
    expect([...rules.runbooks.keys()]).toEqual(['postgres-blocked-by-idle-transaction']);
    expect(() => openManifest({ raw: manifest, keys, mode: 'production', now: Date.now() })).toThrow(
      expect.objectContaining({ code: 'MANIFEST_DEVELOPMENT' }),
    );
  });

  it('gives no process the key of another, and only the broker the login that mints', async () => {
    const { secrets } = await prepare();
    const keys = processNames.map((name) => secrets[name].key.d);
    expect(new Set(keys).size).toBe(processNames.length);
    for (const name of processNames.filter((other) => other !== 'broker')) {
      expect(JSON.stringify(secrets[name])).not.toContain('planted-password');
    }
  });

  it('writes no secret to any file unless it is persistent', async () => {
    const { secrets, webhooks } = await prepare();
    const hidden = [
      ...processNames.map((name) => secrets[name].key.d),
      webhooks.generic,
      'planted-password',
      routingKey,
    ];
    for (const file of filesBelow(dir)) {
      const text = readFileSync(file, 'utf8');
      expect(hidden.filter((secret) => text.includes(secret))).toEqual([]);
    }
  });

  it('keeps its keys when persistent, readable by its owner alone, and starts from them again', async () => {
    const first = await prepare({ persistent: true });
    const again = await prepare({ persistent: true });
    expect(again.keys).toEqual(first.keys);
    expect(again.webhooks).toEqual(first.webhooks);
    for (const file of filesBelow(join(dir, 'keys'))) expect(statSync(file).mode & 0o077).toBe(0);
  });

  it('signs no second version of what did not change', async () => {
    const first = await prepare({ persistent: true });
    const again = await prepare({ persistent: true });
    expect(again.manifest).toEqual(first.manifest);
  });

  it('signs a change as the next version, and keeps the earlier one for the actions that name it', async () => {
    const workspace = await prepare();
    const text = runbook.text.replace(/^title: .*/m, 'title: changed');
    const next = workspace.publish({ ...parts, runbooks: [{ ...runbook, text }] });
    expect(next.manifest.payload.version).toBe(2);
    expect(readdirSync(workspace.manifestDir).sort()).toEqual(['manifest-1.json', 'manifest-2.json']);
  });

  it('signs nothing over a runbook that does not load, and names its file', async () => {
    const workspace = await prepare();
    const broken = { file: 'runbooks/broken.yaml', text: 'v: 1\nid: broken\n' };
    expect(() => workspace.publish({ ...parts, runbooks: [broken] })).toThrow(
      expect.objectContaining({ code: 'RUNBOOK_INVALID', message: expect.stringContaining('runbooks/broken.yaml') }),
    );
    expect(readdirSync(workspace.manifestDir)).toEqual(['manifest-1.json']);
  });

  it('refuses a setting that its process would refuse, naming it', async () => {
    await expect(prepare({ settings: { recorder: { pollMs: 1 } } })).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringContaining('recorder: `pollMs`'),
    });
  });

  it('marks every key that it makes as made for development', async () => {
    const { keys } = await prepare();
    expect(Object.values(keys).flatMap((list) => list.map(({ kid }) => kid))).toEqual(Array(7).fill('development'));
    expect(newDevelopmentKey().kid).toBe('development');
  });
});
