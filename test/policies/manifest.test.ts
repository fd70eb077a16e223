import { describe, expect, it } from 'vitest';
import type { ManifestFile } from '../../contracts/manifest.ts';
import { registryAsData } from '../../contracts/tools/registry.ts';
import { digestOf, sha256Hex } from '../../policies/digest.ts';
import { buildManifest, openManifest } from '../../policies/manifest.ts';
import { sshString } from '../../policies/ssh-key.ts';
import { refusalOf } from './support/codes.ts';
import {
  at,
  directory,
  executor,
  makeProcess,
  manifestOf,
  minute,
  now,
  people,
  pinned,
  platform,
  powerTypes,
  rulesOf,
  runbookData,
  runbookId,
  sourceOf,
} from './support/rules.ts';
import { makeKey } from './support/ssh-signer.ts';

type Payload = ManifestFile['manifest']['payload'];
const open = (raw: unknown, mode: 'development' | 'production' = 'production', time = now, keys = pinned) =>
  openManifest({ raw, keys, mode, now: time });
const copy = (file: ManifestFile): ManifestFile => JSON.parse(JSON.stringify(file)) as ManifestFile;

/** The platform signs a payload that `buildManifest` would never make. */
function resigned(change: (payload: Payload, files: Record<string, string>) => void): ManifestFile {
  const { manifest, files } = copy(manifestOf());
  change(manifest.payload, files);
  return { manifest: platform.signer.sign('manifest', manifest.payload), files };
}

describe('a signed manifest', () => {
  it('opens to the rules that it says', () => {
    const file = manifestOf();
    const rules = open(copy(file));
    expect(rules).toMatchObject({ version: 3, mode: 'production', bundle: 'b'.repeat(64), judgeBuild: 'c'.repeat(64) });
    expect(rules.digest).toBe(digestOf(file.manifest.payload));
    expect(rules.runbooks.get(runbookId)?.digest).toBe(sha256Hex(file.files[`runbooks/${runbookId}`] ?? ''));
    expect(rules.approvers.people.map(({ person }) => person)).toEqual(['personA', 'personB', 'personC', 'personD']);
    expect(rules.limits.statementAgeMsMax).toBe(600_000);
    expect(rules.notAfter).toBe(now + 24 * 60 * minute);
  });

  it('names the tool registry of this build', () => {
    expect(manifestOf().manifest.payload.entries.tools).toBe(digestOf(registryAsData()));
  });

  it('opens in development whatever its mode', () => {
    expect(open(copy(manifestOf()), 'development').mode).toBe('production');
    expect(open(copy(manifestOf({ source: { mode: 'development' } })), 'development').mode).toBe('development');
  });
});

describe('a manifest is refused as unsigned', () => {
  const unsigned = (raw: unknown, keys = pinned) =>
    expect(refusalOf(() => open(raw, 'production', now, keys))).toBe('MANIFEST_UNSIGNED');

  it('when another process signed it, under its own name or the platform’s', () => {
    const { payload } = manifestOf().manifest;
    const forged = executor.signer.sign('manifest', payload);
    unsigned({ ...copy(manifestOf()), manifest: forged });
    unsigned({ ...copy(manifestOf()), manifest: { ...forged, signer: 'platform' } });
    unsigned({ ...copy(manifestOf()), manifest: makeProcess('platform').signer.sign('manifest', payload) });
  });

  it('when no platform key is pinned', () => {
    unsigned(copy(manifestOf()), executor.keys);
    unsigned(copy(manifestOf()), {});
  });

  it('when the platform signed the same bytes for another purpose', () => {
    const { payload } = manifestOf().manifest;
    unsigned({ ...copy(manifestOf()), manifest: platform.signer.sign('record', payload) });
  });

  it('when anything that is signed was changed', () => {
    for (const change of [
      (p: Payload) => Object.assign(p, { version: 4 }),
      (p: Payload) => Object.assign(p, { mode: 'development' }),
      (p: Payload) => Object.assign(p, { notAfter: at(now + 9_000 * minute) }),
      (p: Payload) => Object.assign(p.entries, { powers: '0'.repeat(64) }),
      (p: Payload) => Object.assign(p.entries, { 'runbooks/other': '0'.repeat(64) }),
    ]) {
      const file = copy(manifestOf());
      change(file.manifest.payload);
      unsigned(file);
    }
  });

  it.each([null, 'text', [], {}, { manifest: {}, files: {} }, { ...manifestOf(), extra: 1 }])(
    'when it is %j',
    (raw) => {
      unsigned(raw);
    },
  );

  it('when a file stands under a name that no entry may have', () => {
    for (const name of ['runbooks/../x', 'runbooks/', 'secrets', 'constructor'])
      unsigned({ ...copy(manifestOf()), files: JSON.parse(`{"${name}": "x"}`) });
  });
});

describe('a manifest is refused outside of its validity', () => {
  const code = (raw: unknown, time: number) => refusalOf(() => open(raw, 'production', time));
  it('from `notAfter` on, and for a clock that cannot answer', () => {
    const { notAfter } = rulesOf();
    expect(code(copy(manifestOf()), notAfter - 1)).toBe('none');
    expect(code(copy(manifestOf()), notAfter)).toBe('MANIFEST_EXPIRED');
    expect(code(copy(manifestOf()), Number.NaN)).toBe('MANIFEST_EXPIRED');
  });
  it('long before it was issued: one of the clocks is wrong', () => {
    expect(code(copy(manifestOf()), now - 64 * minute)).toBe('none');
    expect(code(copy(manifestOf()), now - 66 * minute)).toBe('MANIFEST_EXPIRED');
  });
  it('when it ends before it begins', () => {
    expect(
      code(
        resigned((p) => Object.assign(p, { issuedAt: p.notAfter })),
        now,
      ),
    ).toBe('MANIFEST_MISMATCH');
  });
  it('in production, when it was made for development', () => {
    expect(code(copy(manifestOf({ source: { mode: 'development' } })), now)).toBe('MANIFEST_DEVELOPMENT');
  });
});

describe('a manifest is refused as another than it says', () => {
  const mismatch = (raw: unknown) => expect(refusalOf(() => open(raw))).toBe('MANIFEST_MISMATCH');

  it('when a file was changed, by a byte or by a lone surrogate', () => {
    for (const name of ['approvers', 'powers', 'limits', `runbooks/${runbookId}`]) {
      for (const extra of [' ', '\n', '\uD800']) {
        const file = copy(manifestOf());
        file.files[name as 'powers'] += extra;
        mismatch(file);
      }
    }
  });

  it('when a file is missing', () => {
    for (const name of ['approvers', 'powers', 'limits', `runbooks/${runbookId}`]) {
      const file = copy(manifestOf());
      delete file.files[name as 'powers'];
      mismatch(file);
    }
  });

  it('when a file has no entry, or an entry that is no text has a file', () => {
    const file = copy(manifestOf());
    for (const name of ['runbooks/other', 'tools', 'judge-build'])
      mismatch({ ...file, files: { ...file.files, [name]: 'x' } });
  });

  it('when a needed entry is missing, file and all', () => {
    for (const name of ['approvers', 'powers', 'limits', 'tools', 'workflow-bundle', 'judge-build'])
      mismatch(
        resigned((payload, files) => {
          delete payload.entries[name as 'tools'];
          delete files[name];
        }),
      );
  });

  it('when it was made for another tool registry', () => {
    mismatch(resigned((payload) => Object.assign(payload.entries, { tools: digestOf([]) })));
  });

  it('when a runbook stands under the name of another', () => {
    mismatch(
      resigned((payload, files) => {
        payload.entries['runbooks/other' as 'tools'] = payload.entries[`runbooks/${runbookId}` as 'tools'] ?? '';
        files['runbooks/other'] = files[`runbooks/${runbookId}`] ?? '';
      }),
    );
  });
});

describe('what buildManifest does not sign', () => {
  const code = (change: Parameters<typeof sourceOf>[0]) =>
    refusalOf(() => buildManifest(sourceOf(change), platform.signer));
  const entry = (person: string, ...ssh: string[]) => ({ person, groups: ['oncall'], ssh });
  const approvers = (text: string) => code({ source: { approvers: text } });

  it('a runbook that does not load, or twice the same', () => {
    expect(code({ runbooks: [{ text: 'id: nothing else' }] })).toBe('RUNBOOK_INVALID');
    const text = JSON.stringify(runbookData);
    expect(code({ runbooks: [{ text }, { text: `${text}\n` }] })).toBe('MANIFEST_MISMATCH');
    expect(code({ source: { runbooks: [{ id: 'another', text }] } })).toBe('MANIFEST_MISMATCH');
  });

  it('a person twice, a key twice, or one key in two spellings', () => {
    expect(code({ people: [...directory, entry('personA', makeKey('ssh-ed25519').line)] })).toBe('MANIFEST_MISMATCH');
    const { line } = people.personA;
    for (const other of [line, line.replace(/ test$/, ' other'), line.replace(/ test$/, '')])
      expect(code({ people: [...directory, entry('personE', other)] })).toBe('MANIFEST_MISMATCH');
    // A key line that hides its key behind a second space is no key line.
    expect(code({ people: [...directory, entry('personE', line.replace(' ', '  '))] })).toBe('MANIFEST_MISMATCH');
  });

  it('a key twice as two types, which one secret could sign for', () => {
    const type = 'sk-ssh-ed25519@openssh.com';
    const point = people.personA.blob.subarray(-32);
    const twin = Buffer.concat([sshString(type), sshString(point), sshString('ssh:')]).toString('base64');
    expect(code({ people: [...directory, entry('personE', `${type} ${twin}`)] })).toBe('MANIFEST_MISMATCH');
  });

  it('a key that is none, or of a kind that nobody verifies', () => {
    for (const line of [
      'ssh-ed25519 AAAA not a key at all, but long enough',
      `ssh-rsa ${'A'.repeat(372)}`,
      'x'.repeat(60),
    ])
      expect(code({ people: [...directory, entry('personE', line)] })).toBe('MANIFEST_MISMATCH');
  });

  it('powers that leave out a type, or name one that does not exist', () => {
    const { revoke, ...others } = powerTypes;
    expect(code({ source: { powers: JSON.stringify({ v: 1, types: others }) } })).toBe('MANIFEST_MISMATCH');
    expect(code({ powers: { delete: revoke } })).toBe('MANIFEST_MISMATCH');
    expect(code({ powers: { revoke: { ...revoke, quorum: 0 } } })).toBe('MANIFEST_MISMATCH');
  });

  it('a limit beyond its bound', () => {
    expect(code({ limits: { statementAgeMsMax: 600_001 } })).toBe('MANIFEST_MISMATCH');
    expect(code({ limits: { statementAheadMsMax: 2_001 } })).toBe('MANIFEST_MISMATCH');
    expect(code({ limits: { nothing: 1 } })).toBe('MANIFEST_MISMATCH');
  });

  it('YAML on which two readers could differ', () => {
    const yaml = `v: 1\npeople:\n  - {person: personE, groups: [oncall], ssh: []}\n`;
    expect(approvers(yaml)).toBe('none');
    for (const text of [
      `${yaml}v: 1\n`,
      `${yaml}---\n${yaml}`,
      `%YAML 1.1\n---\n${yaml}`,
      `%TAG ! tag:x,2000:\n---\n${yaml}`,
      yaml.replace('v: 1', 'v: !!int 1'),
      yaml.replace('[oncall]', '&a [oncall]'),
      `v: 1\npeople:\n  - &a {person: personE, groups: [oncall]}\n  - *a\n`,
      yaml.replace('{person', '{<<: {x: 1}, person'),
      yaml.replace('{person', '{__proto__: {x: 1}, person'),
      '',
      'v: [',
    ])
      expect([text, approvers(text)]).toEqual([text, 'MANIFEST_MISMATCH']);
  });

  it('a runbook under a YAML directive', () => {
    expect(code({ runbooks: [{ text: `%YAML 1.1\n---\n${JSON.stringify(runbookData)}` }] })).toBe('RUNBOOK_INVALID');
  });

  it('a hash, a version or a time that is none', () => {
    for (const source of [
      { bundle: 'x' },
      { judgeBuild: '' },
      { version: 0 },
      { notAfter: 'tomorrow' },
      { issuedAt: '' },
    ])
      expect(code({ source })).toBe('MANIFEST_MISMATCH');
  });
});

describe('a process key in the approver directory', () => {
  it('is refused: who executes may not release', () => {
    const ours = makeKey('ssh-ed25519');
    const { x } = ours.privateKey.export({ format: 'jwk' });
    const keys = { ...pinned, 'executor.payments-db': [{ kty: 'OKP', crv: 'Ed25519', x: x ?? '' }] } as const;
    const file = copy(
      manifestOf({ people: [...directory, { person: 'personE', groups: ['oncall'], ssh: [ours.line] }] }),
    );
    expect(refusalOf(() => open(file))).toBe('none');
    expect(
      refusalOf(() =>
        openManifest({
          raw: file,
          keys: { ...keys, 'executor.payments-db': [...keys['executor.payments-db']] },
          mode: 'production',
          now,
        }),
      ),
    ).toBe('MANIFEST_MISMATCH');
  });
});
