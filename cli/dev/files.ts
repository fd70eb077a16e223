import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { PostgresTarget } from '../../contracts/config.ts';
import type { Approvers, Powers } from '../../contracts/manifest.ts';
import { PersonId } from '../../contracts/statement.ts';
import type { PolicyText } from '../../policies/organisation/load.ts';
import { firstIssue } from '../../policies/signing.ts';
import { defaultPolicy } from '../../servers/publish.ts';
import type { Approver } from '../local/approver.ts';
import { soleApprover, solePowers } from '../local/approver.ts';
import { readPolicyFiles } from '../local/policy-files.ts';
import type { RunbookFile } from '../local/runbook-files.ts';
import { readRunbooksOf } from '../local/runbook-files.ts';
import { Refusal } from '../shell/refusal.ts';

/** The name of whoever starts `dev`, as the approver directory spells it. */
export function personHere(): string {
  const name = userInfo().username.replaceAll(/[^A-Za-z0-9@._+-]/g, '-');
  return PersonId.safeParse(name).success ? name : 'developer';
}

export type Parts = {
  readonly runbooks: readonly RunbookFile[];
  readonly policies: readonly PolicyText[];
  readonly approvers: string;
  readonly powers: string;
};

/**
 * What the next manifest is made of: the runbooks of the folder that the role runs, and the organisation policies, approvers and powers of
 * the home, which are written at the first start with the one person who is there, and are theirs to change.
 */
export async function readParts(
  { home, runbooksDir, role }: { readonly home: string; readonly runbooksDir: string; readonly role: string },
  approver: Approver,
): Promise<Parts & { readonly others: readonly string[] }> {
  const { files: runbooks, loaded: own, others } = await readRunbooksOf(role, runbooksDir);
  const loaded = own.map(({ runbook }) => runbook);
  return {
    runbooks,
    others,
    policies: await keptPolicies(policiesDir(home)),
    approvers: await keptText(join(home, 'approvers.yaml'), soleApprover(approver, loaded)),
    powers: await keptText(join(home, 'powers.yaml'), solePowers(loaded)),
  };
}

export const policiesDir = (home: string): string => join(home, 'policies');

async function keptPolicies(dir: string): Promise<PolicyText[]> {
  if (!existsSync(dir)) {
    const { name, text } = defaultPolicy();
    await mkdir(dir, { mode: 0o700 });
    await writeFile(join(dir, `${name}.cedar`), text, { mode: 0o600 });
  }
  return readPolicyFiles(dir);
}

/** JSON is YAML: what is written here can be read and changed as either. */
async function keptText(file: string, value: Approvers | Powers): Promise<string> {
  if (!existsSync(file)) await writeFile(file, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  return readFile(file, 'utf8');
}

const Targets = z.array(PostgresTarget).min(1).max(32);

/** The databases of `targets.json`, or null when there is none. It holds passwords: no message repeats a value of it. */
export async function readTargets(home: string): Promise<PostgresTarget[] | null> {
  const file = join(home, 'targets.json');
  if (!existsSync(file)) return null;
  const parsed = Targets.safeParse(await jsonOf(file));
  if (parsed.success) return parsed.data;
  throw new Refusal('BAD_INPUT', `${file}: ${firstIssue(parsed.error)}`, 'give [{"database","mintUrl"}, …]');
}

async function jsonOf(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    throw new Refusal('BAD_INPUT', `${file}: expected JSON`, 'mend the file');
  }
}
