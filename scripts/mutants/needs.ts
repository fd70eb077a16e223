import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const importOf = /^(?:import|export) (?!type )[^'"]*?from '(\.[^']+)'/gm;
/** Whoever imports these may ask for a server, or run what is built. */
const ofServers = /^test\/support\/(skips|temporal|postgres)\.ts$/;
const ofBuilds = /^(servers\/(project|build-info|supervisor)|test\/support\/probe|test\/cli\/demo-process)\.ts$/;

export type Needs = { readonly servers: boolean; readonly build: boolean };

/**
 * What a test may use, by its imports and theirs: that which it does not use is neither started nor built, which saves
 * most of the time. A mistake here lets a mutant survive, or a test answer nothing; it never kills one.
 */
export function needsOf(root: string, testFile: string): Needs {
  const files = new Set<string>();
  const visit = (file: string): void => {
    if (files.has(file) || !existsSync(file)) return;
    files.add(file);
    for (const [, path] of readFileSync(file, 'utf8').matchAll(importOf)) visit(join(dirname(file), path ?? ''));
  };
  visit(join(root, testFile));
  const names = [...files].map((file) => relative(root, file));
  return { servers: names.some((name) => ofServers.test(name)), build: names.some((name) => ofBuilds.test(name)) };
}
