import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const manifest = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8')) as {
  readonly dependencies: Readonly<Record<string, string>>;
};
/** Runs only inside the workflow sandbox, which the bundle test loads. */
const sandboxOnly = new Set(['@temporalio/workflow']);
/** Has no root export for Node: its subpaths are what is imported. */
const entryOf: Readonly<Record<string, string>> = {
  '@noble/hashes': '@noble/hashes/sha2.js',
  '@cedar-policy/cedar-wasm': '@cedar-policy/cedar-wasm/nodejs',
};

describe('dependencies', () => {
  const names = Object.keys(manifest.dependencies).filter((name) => !sandboxOnly.has(name));
  it.each(names)(
    'imports %s on this Node',
    async (name) => {
      await expect(import(entryOf[name] ?? name)).resolves.toBeTypeOf('object');
    },
    60_000,
  );
});
