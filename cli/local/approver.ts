import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Approvers, Powers } from '../../contracts/manifest.ts';
import type { Runbook } from '../../contracts/runbook.ts';
import { statementTypes } from '../../contracts/statement.ts';
import { Refusal } from '../shell/refusal.ts';

export type Approver = { readonly person: string; readonly keyFile: string; readonly publicLine: string };

/** A person's SSH key for this installation, made with `ssh-keygen` when it is not there yet. Without a passphrase: it is a laptop's. */
export async function makeApprover(person: string, keyFile: string): Promise<Approver> {
  if (!existsSync(keyFile)) {
    await mkdir(dirname(keyFile), { recursive: true, mode: 0o700 });
    const made = spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', person, '-f', keyFile], {
      encoding: 'utf8',
    });
    if (made.status !== 0)
      throw new Refusal(
        'SERVER_MISSING',
        `ssh-keygen made no key: ${(made.error?.message ?? made.stderr).trim()}`,
        'install OpenSSH 8.2 or later',
      );
  }
  const publicLine = (await readFile(`${keyFile}.pub`, 'utf8')).trim();
  return { person, keyFile, publicLine };
}

const platformGroup = 'platform';

/** The directory of an installation with one person, who is in every group that its runbooks ask for. */
export function soleApprover(approver: Approver, runbooks: readonly Runbook[]): Approvers {
  const groups = new Set([platformGroup, ...runbooks.flatMap((runbook) => runbook.approvers.groups)]);
  return { v: 1, people: [{ person: approver.person, groups: [...groups].sort(), ssh: [approver.publicLine] }] };
}

/** Powers at quorum 1, for a machine with one person. */
export function solePowers(runbooks: readonly Runbook[]): Powers {
  const groups = [...new Set([platformGroup, ...runbooks.flatMap((runbook) => runbook.approvers.groups)])].sort();
  const power = { groups, quorum: 1, proofs: ['ssh' as const] };
  return { v: 1, types: Object.fromEntries(statementTypes.map((type) => [type, power])) as Powers['types'] };
}
