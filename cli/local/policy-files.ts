import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PolicyText } from '../../policies/organisation/load.ts';
import { Refusal } from '../shell/refusal.ts';

/** The organisation policies of a folder, by name. Throws `Refusal` NOT_FOUND when there is none. */
export async function readPolicyFiles(dir: string): Promise<PolicyText[]> {
  const names = (await readdir(dir).catch(() => [])).filter((name) => name.endsWith('.cedar')).sort();
  if (names.length === 0)
    throw new Refusal('NOT_FOUND', `no organisation policy in \`${dir}\``, 'put a .cedar file there');
  return Promise.all(
    names.map(async (name) => ({
      name: name.slice(0, -'.cedar'.length),
      text: await readFile(join(dir, name), 'utf8'),
    })),
  );
}
