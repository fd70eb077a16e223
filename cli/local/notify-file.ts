import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Notify } from '../../contracts/config.ts';
import { firstIssue } from '../../policies/signing.ts';
import { Refusal } from '../shell/refusal.ts';

/**
 * The channels of `notify.json`; none when there is no such file. Throws `Refusal` BAD_INPUT. The file holds secrets: no
 * message repeats a value of it.
 */
export async function readNotifyFile(file: string): Promise<Notify> {
  if (!existsSync(file)) return [];
  const parsed = Notify.safeParse(await jsonOf(file));
  if (parsed.success) return parsed.data;
  const example = '[{"name","kind":"pagerduty","routingKey"}, {"name","kind":"slack","url"}, …]';
  throw new Refusal('BAD_INPUT', `${file}: ${firstIssue(parsed.error)}`, `give ${example}, as docs/operations.md says`);
}

async function jsonOf(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    // The parser's own message would quote the text.
    throw new Refusal('BAD_INPUT', `${file}: expected JSON`, 'mend the file');
  }
}
