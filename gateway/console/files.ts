import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256Hex } from '../../policies/digest.ts';
import { root } from './hrefs.ts';

export type ConsoleFile = { readonly path: string; readonly type: string; readonly text: string };
export type ConsoleFiles = { readonly style: ConsoleFile; readonly script: ConsoleFile };

/** The console's two files. Their names carry their hash: a browser that kept one keeps the right one. */
export function loadConsoleFiles(dir: string): ConsoleFiles {
  const load = (name: string, type: string): ConsoleFile => {
    const text = readFileSync(join(dir, name), 'utf8');
    const [stem = '', ending = ''] = name.split('.');
    return { path: `${root}/files/${stem}-${sha256Hex(text).slice(0, 16)}.${ending}`, type, text };
  };
  return {
    style: load('console.css', 'text/css; charset=utf-8'),
    script: load('console.js', 'text/javascript; charset=utf-8'),
  };
}
