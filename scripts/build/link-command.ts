import { existsSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';

const link = 'node_modules/.bin/holdpoint';
const target = '../../bin/holdpoint.js';

/**
 * Makes `npx holdpoint` work in a clone. npm links the commands of dependencies only; a `bin` of the package itself makes
 * npx install the package into its cache first, which fails for a folder that is its own source.
 */
export function linkCommand(): void {
  if (!existsSync('node_modules/.bin')) return;
  try {
    if (readlinkSync(link) === target) return;
  } catch {
    // not there yet
  }
  rmSync(link, { force: true });
  symlinkSync(target, link);
}
