import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { HoldpointError } from '../contracts/errors.ts';
import { isAlive, withLock } from './lock.ts';
import { cacheDir, cleanEnvironment } from './project.ts';

export type Log = (line: string) => void;
export type Environment = Readonly<Record<string, string | undefined>>;

/** How one server is found or made. Its name and version are its place in the cache. */
export type Recipe = {
  readonly name: string;
  readonly version: string;
  /** Environment variable that names an executable; believed, and never searched past. */
  readonly variable: string;
  /** Command looked for on `PATH`; null where no distribution installs one. */
  readonly command: string | null;
  /** The executable's path inside its cache folder. */
  readonly executable: string;
  /** Ways to fill an empty folder, in order; each throws when it cannot. */
  readonly makers: readonly { readonly how: string; make(dir: string, log: Log): Promise<void> }[];
  /** What a person can install when nothing worked. */
  readonly install: string;
};

export const isExecutable = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
};

/** The first executable of that name on `PATH`, or null. */
export function onPath(command: string, env: Environment = process.env): string | null {
  const dirs = (env.PATH ?? '').split(delimiter).filter((dir) => dir !== '');
  return dirs.map((dir) => join(dir, command)).find(isExecutable) ?? null;
}

/** Runs a build step and says every few seconds that it still runs. Throws with the end of what it printed. */
export async function runStep(
  command: string,
  args: readonly string[],
  options: { cwd: string; env?: Readonly<Record<string, string>>; log: Log; what: string; everyMs?: number },
): Promise<void> {
  const env = cleanEnvironment({ ...proxies(), ...options.env });
  const child = spawn(command, args, { cwd: options.cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const began = performance.now();
  let tail = '';
  const keep = (chunk: Buffer): void => {
    tail = (tail + chunk.toString('utf8')).slice(-2_000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const tick = setInterval(() => {
    options.log(`${options.what}: still working after ${Math.round((performance.now() - began) / 1_000)} s`);
  }, options.everyMs ?? 8_000);
  try {
    const status = await new Promise<number | string>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve(code ?? signal ?? 1));
    });
    if (status !== 0) throw new Error(`${options.what} failed (${status}): ${tail.trim().slice(-600)}`);
  } finally {
    clearInterval(tick);
  }
}

/** A build reaches its registry the way the caller's own tools do. */
function proxies(): Record<string, string> {
  const names =
    /^(https?_proxy|no_proxy|all_proxy|go(proxy|sumdb|nosumdb|private|flags|path|modcache|cache|toolchain)|ssl_cert_file|ssl_cert_dir|maven_opts|java_home)$/i;
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      names.test(name) && value !== undefined ? [[name, value]] : [],
    ),
  );
}

/**
 * The path of a server's executable: its variable, `PATH`, the cache, or made now into the cache. Parallel callers make
 * it once. Throws `SERVER_MISSING` saying what was tried and what to install.
 */
export async function resolveServer(recipe: Recipe, log: Log, env: Environment = process.env): Promise<string> {
  const named = env[recipe.variable];
  if (named) {
    if (isExecutable(named)) return named;
    throw new HoldpointError('SERVER_MISSING', `${recipe.variable}: expected an executable, got \`${named}\``);
  }
  const found = recipe.command === null ? null : onPath(recipe.command, env);
  if (found !== null) return found;
  const dir = join(cacheDir(env), `${recipe.name}-${recipe.version}`);
  const executable = join(dir, recipe.executable);
  if (isExecutable(executable)) return executable;
  mkdirSync(cacheDir(env), { recursive: true, mode: 0o700 });
  return withLock(`${dir}.lock`, { log: () => log(`waiting for another run that makes ${recipe.name}`) }, async () => {
    if (!isExecutable(executable)) await make(recipe, dir, log);
    return executable;
  });
}

/** A build that was killed leaves hundreds of megabytes behind. */
function dropDeadDrafts(dir: string): void {
  const prefix = `${basename(dir)}.draft-`;
  for (const name of readdirSync(dirname(dir)).filter((name) => name.startsWith(prefix))) {
    if (!isAlive(Number(name.slice(prefix.length)))) rmSync(join(dirname(dir), name), { recursive: true, force: true });
  }
}

/** The cache folder appears whole, by rename: an interrupted build leaves nothing that looks finished. */
async function make(recipe: Recipe, dir: string, log: Log): Promise<void> {
  const reasons: string[] = [];
  dropDeadDrafts(dir);
  const draft = `${dir}.draft-${process.pid}`;
  for (const { how, make } of recipe.makers) {
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { recursive: true, mode: 0o700 });
    try {
      log(`${recipe.name} ${recipe.version}: ${how}`);
      await make(draft, log);
      if (!isExecutable(join(draft, recipe.executable))) throw new Error(`no \`${recipe.executable}\` came out`);
      if (existsSync(dir)) rmSync(dir, { recursive: true });
      renameSync(draft, dir);
      log(`${recipe.name} ${recipe.version}: ready, kept in \`${dir}\``);
      return;
    } catch (error) {
      reasons.push(`${how}: ${error instanceof Error ? error.message : String(error)}`);
      log(`${recipe.name}: ${reasons.at(-1)}`);
    }
  }
  rmSync(draft, { recursive: true, force: true });
  throw new HoldpointError(
    'SERVER_MISSING',
    `${recipe.name} ${recipe.version} is not here and could not be made (${reasons.join('; ')}); ${recipe.install}`,
  );
}
