import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { HoldpointError } from '../../contracts/errors.ts';
import { tempsName } from './directory-store.ts';

export const lockName = 'recorder.lock';
const held = new Set<string>();

/**
 * Takes the directory for this process, or throws `RECORD_REFUSED` while another live recorder has it. A lock whose holder
 * is gone is taken over. It keeps an operator from starting two by mistake; that two never fork the log is the doing of
 * `putNew`, which also holds between machines, where no process id means anything.
 */
export async function lockDirectory(dir: string): Promise<() => Promise<void>> {
  const path = join(resolve(dir), lockName);
  const temps = join(dir, tempsName);
  await mkdir(temps, { recursive: true });
  const mine = `${process.pid} ${await startOf(process.pid)} ${randomBytes(8).toString('hex')}\n`;
  const temp = join(temps, `${process.pid}-${randomBytes(8).toString('hex')}`);
  await writeFile(temp, mine, { flag: 'wx' });
  try {
    await takeOver(path, temps);
    await link(temp, path).catch(() => {
      throw inUse('another recorder took it just now');
    });
  } finally {
    await unlink(temp).catch(() => undefined);
  }
  held.add(path);
  return async () => {
    held.delete(path);
    if ((await readFile(path, 'utf8').catch(() => '')) === mine) await unlink(path);
  };
}

/** Moves a dead holder's lock out of the way; throws while the holder lives. */
async function takeOver(path: string, temps: string): Promise<void> {
  const found = await readFile(path, 'utf8').catch(() => null);
  if (found === null) return;
  const [pid = '', start = ''] = found.trim().split(' ');
  if (await isLive(path, Number(pid), start)) throw inUse(`process ${Number(pid)} holds it`);
  const aside = join(temps, `${process.pid}-${randomBytes(8).toString('hex')}`);
  await rename(path, aside).catch(() => undefined);
  const moved = await readFile(aside, 'utf8').catch(() => found);
  // Someone else took over between our two reads: what was moved is a live lock, and goes back.
  if (moved !== found) await link(aside, path).catch(() => undefined);
  await unlink(aside).catch(() => undefined);
  if (moved !== found) throw inUse('another recorder took it just now');
}

async function isLive(path: string, pid: number, start: string): Promise<boolean> {
  if (!Number.isSafeInteger(pid) || pid < 1) return false;
  if (pid === process.pid && start === (await startOf(pid))) return held.has(path);
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return (await startOf(pid)) === start;
}

/** When a process began, in the kernel's ticks: a process id alone is used again, in a container at once. */
async function startOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return afterName[19] ?? '-';
}

const inUse = (why: string): HoldpointError =>
  new HoldpointError('RECORD_REFUSED', `archive: expected to be its only recorder, but ${why}`);
