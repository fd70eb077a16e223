import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';

type Holder = { readonly pid: number; readonly started: string; readonly host: string; readonly token: string };

/** When a process started, by the kernel: a pid that was given away again is not the one that took the lock. */
function startOf(pid: number): string | null {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return null;
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return ''; // no /proc on this system: the pid alone has to do
  }
}

export const isAlive = (pid: number): boolean => startOf(pid) !== null;

function readHolder(file: string): Holder | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder;
  } catch {
    return null;
  }
}

function isDead({ pid, started, host }: Holder): boolean {
  if (host !== hostname()) return false; // a shared folder: only that machine can tell
  const now = startOf(pid);
  return now === null || (started !== '' && now !== '' && now !== started);
}

/** Links a whole file into place: unlike a create and a write, nobody can see it half made. */
function tryTake(file: string, me: Holder): boolean {
  const draft = `${file}.${me.token}`;
  writeFileSync(draft, JSON.stringify(me), { mode: 0o600 });
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Takes away the lock of a dead process. Of several who see it dead, one rename wins; and what was renamed is looked at
 * again, since a living process may have taken the lock between the look and the rename: then it is put back.
 */
function takeAwayIfDead(file: string, me: Holder): void {
  const holder = readHolder(file);
  if (holder === null || !isDead(holder)) return;
  const aside = `${file}.dead.${me.token}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  const moved = readHolder(aside);
  if (moved !== null && moved.token !== holder.token) {
    try {
      linkSync(aside, file);
    } catch {
      // a third one took it meanwhile: both work on drafts that replace each other whole
    }
  }
  rmSync(aside, { force: true });
}

/**
 * Runs `work` while holding a lock file that other processes respect. Waits as long as the holder lives; a dead holder's
 * lock is taken over. `log` is called every `logMs` while waiting.
 */
export async function withLock<T>(
  file: string,
  { log, pollMs = 200, logMs = 8_000 }: { log: () => void; pollMs?: number; logMs?: number },
  work: () => Promise<T>,
): Promise<T> {
  const me: Holder = {
    pid: process.pid,
    started: startOf(process.pid) ?? '',
    host: hostname(),
    token: randomBytes(9).toString('hex'),
  };
  let saidAt = Number.NEGATIVE_INFINITY;
  while (!tryTake(file, me)) {
    takeAwayIfDead(file, me);
    if (performance.now() - saidAt >= logMs) {
      log();
      saidAt = performance.now();
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  try {
    return await work();
  } finally {
    if (readHolder(file)?.token === me.token) unlinkSync(file);
  }
}
