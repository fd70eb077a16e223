import { randomBytes } from 'node:crypto';
import { link, open, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Reached } from './store.ts';

const tempForm = /^[0-9]+-[0-9a-f]{16}$/;
export const isTempName = (name: string): boolean => tempForm.test(name);
export const freshTempName = (): string => `${process.pid}-${randomBytes(8).toString('hex')}`;

/**
 * Gives bytes their final name, whole and flushed, or finds the name taken and touches nothing: they are written to a file
 * in `temps`, on the same disk, and linked.
 */
export async function putFile(
  final: string,
  temps: string,
  bytes: Uint8Array,
  reached: Reached = () => {},
): Promise<'created' | 'exists'> {
  const temp = join(temps, freshTempName());
  reached('before-put');
  try {
    await writeDurably(temp, bytes);
    reached('half-put');
    const created = await link(temp, final).then(() => true, falseWhenTaken);
    reached('after-put');
    // INVARIANT: also for a name that was taken: its writer may have died before it flushed, and we are about to rely on it.
    await flushDirectory(dirname(final));
    return created ? 'created' : 'exists';
  } finally {
    await unlink(temp).catch(() => undefined);
  }
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o640);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function flushDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

const codeIs = (error: unknown, code: string): boolean => (error as NodeJS.ErrnoException).code === code;
export function nullWhenMissing(error: unknown): null {
  if (codeIs(error, 'ENOENT')) return null;
  throw error;
}
function falseWhenTaken(error: unknown): false {
  if (codeIs(error, 'EEXIST')) return false;
  throw error;
}
