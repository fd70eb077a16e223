import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createManifests, type Manifests } from '../../activities/identity/manifests.ts';
import { refusalOf } from '../policies/support/codes.ts';
import { at, manifestOf, minute, now, pinned, type RulesChange, rulesOf } from '../policies/support/rules.ts';

let dir: string;
let clockMs: number;
let manifests: Manifests;

const versionOf = (version: number, source: RulesChange['source'] = {}) =>
  manifestOf({ source: { version, ...source } });
const put = (version: number, content: unknown) =>
  writeFile(join(dir, `manifest-${version}.json`), typeof content === 'string' ? content : JSON.stringify(content));
const remove = (version: number) => rm(join(dir, `manifest-${version}.json`));
const newest = () => refusalOf(() => manifests.newest());

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'holdpoint-manifests-'));
  clockMs = now;
  manifests = createManifests({ dir, keys: pinned, mode: 'production', clock: () => clockMs });
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe('manifests', () => {
  it('goes by the highest version, and keeps earlier ones for the actions that name them', async () => {
    await put(3, versionOf(3));
    await put(4, versionOf(4));
    await manifests.reload();
    expect(manifests.newest().version).toBe(4);
    expect(manifests.require(rulesOf({ source: { version: 3 } }).digest).version).toBe(3);
  });

  it('permits nothing before it has read anything, and nothing from an empty folder', async () => {
    expect(newest()).toBe('MANIFEST_UNKNOWN');
    await manifests.reload();
    expect(newest()).toBe('MANIFEST_UNKNOWN');
  });

  it('knows no digest that it did not read', async () => {
    await put(3, versionOf(3));
    await manifests.reload();
    expect(refusalOf(() => manifests.require('a'.repeat(64)))).toBe('MANIFEST_UNKNOWN');
  });

  it('refuses to go back when a newer one is taken away', async () => {
    await put(3, versionOf(3));
    await put(4, versionOf(4));
    await manifests.reload();
    await remove(4);
    await manifests.reload();
    expect(newest()).toBe('MANIFEST_ROLLED_BACK');
  });

  it('refuses an own copy older than one that was seen elsewhere', async () => {
    await put(3, versionOf(3));
    await manifests.reload();
    expect(refusalOf(() => manifests.mustBeAtLeast(4))).toBe('MANIFEST_ROLLED_BACK');
    expect(refusalOf(() => manifests.mustBeAtLeast(3))).toBe('none');
  });

  it.each([
    [
      'unsigned',
      (file: ReturnType<typeof versionOf>) => ({ ...file, manifest: { ...file.manifest, signature: 'A'.repeat(86) } }),
      'MANIFEST_UNSIGNED',
    ],
    ['half written', (file: ReturnType<typeof versionOf>) => JSON.stringify(file).slice(0, 100), 'MANIFEST_MISMATCH'],
    ['under another version’s name', () => versionOf(9), 'MANIFEST_MISMATCH'],
    ['for development', () => versionOf(4, { mode: 'development' }), 'MANIFEST_DEVELOPMENT'],
    ['expired', () => versionOf(4, { notAfter: at(now - minute) }), 'MANIFEST_EXPIRED'],
  ])('does not fall back to an older one when the newest is %s', async (_, spoil, code) => {
    await put(3, versionOf(3));
    await put(4, spoil(versionOf(4)));
    await manifests.reload();
    expect(newest()).toBe(code);
  });

  it('permits nothing from the moment it expires, without reading again', async () => {
    await put(3, versionOf(3, { notAfter: at(now + minute) }));
    await manifests.reload();
    const { digest } = manifests.newest();
    clockMs = now + minute;
    expect(newest()).toBe('MANIFEST_EXPIRED');
    expect(refusalOf(() => manifests.require(digest))).toBe('MANIFEST_EXPIRED');
  });

  it('sees a newer one while it watches', async () => {
    await put(3, versionOf(3));
    await manifests.reload();
    manifests.start(10);
    await put(4, versionOf(4));
    await expect.poll(() => manifests.newest().version).toBe(4);
    manifests.stop();
  });
});
