import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HoldpointError } from '../contracts/errors.ts';

const isOurs = (dir: string): boolean => {
  const file = join(dir, 'package.json');
  return existsSync(file) && (JSON.parse(readFileSync(file, 'utf8')) as { name?: unknown }).name === 'holdpoint';
};

/** The folder of our own `package.json`, from source and from `dist/` alike. Throws `INTERNAL`. */
export function projectRoot(): string {
  let dir = dirname(fileURLToPath(import.meta.url));
  while (!isOurs(dir)) {
    if (dir === dirname(dir)) throw new HoldpointError('INTERNAL', 'expected to run inside the holdpoint package');
    dir = dirname(dir);
  }
  return dir;
}

/** Built servers are kept here, outside any work tree: `HOLDPOINT_CACHE`, else the XDG cache directory. */
export function cacheDir(env: Readonly<Record<string, string | undefined>> = process.env): string {
  return env.HOLDPOINT_CACHE || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'holdpoint');
}

/** What a server or process of ours is started with: nothing of the caller's environment but these. */
export function cleanEnvironment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  const kept = ['PATH', 'HOME', 'TZ'].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(kept), ...extra };
}
