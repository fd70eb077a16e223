import type { PinnedKeys } from '../contracts/config.ts';
import { HoldpointError } from '../contracts/errors.ts';
import type { Approvers } from '../contracts/manifest.ts';
import { statementTypes } from '../contracts/statement.ts';
import { parseSshKey } from './ssh-key.ts';

export type Person = Approvers['people'][number];

/** The directory entry of a person, or null. */
export const personOf = (approvers: Approvers, person: string): Person | null =>
  approvers.people.find((entry) => entry.person === person) ?? null;

/**
 * Checks every key of the directory: well-formed, of a supported type, held by one person once (by its curve point, so
 * that no other spelling of a key counts as another key), and not the key of a process, which would release what it
 * executes. Throws `MANIFEST_MISMATCH` naming the person.
 */
export function checkApprovers(approvers: Approvers, processKeys: PinnedKeys): void {
  const processPoints = new Set(Object.values(processKeys).flatMap((keys) => keys.map(({ crv, x }) => `${crv}:${x}:`)));
  const seen = new Set<string>();
  for (const { person, ssh } of approvers.people) {
    for (const [index, line] of ssh.entries()) {
      const point = pointOf(line, `\`${person}\`, key ${index + 1}`);
      if (processPoints.has(point))
        throw mismatch(`\`${person}\`, key ${index + 1}: expected a person's, got a process's`);
      if (seen.has(point)) throw mismatch(`\`${person}\`, key ${index + 1}: expected each key once in the directory`);
      seen.add(point);
    }
  }
}

function pointOf(line: string, where: string): string {
  try {
    return parseSshKey(line).point;
  } catch (error) {
    throw mismatch(`${where}: ${error instanceof Error ? error.message : 'expected an SSH key'}`);
  }
}

/** The directory as an OpenSSH allowed-signers file, so that `ssh-keygen -Y verify` can check any statement without us. */
export function allowedSigners(approvers: Approvers): string {
  const namespaces = statementTypes.map((type) => `holdpoint-${type}@v1`).join(',');
  return approvers.people
    .flatMap(({ person, ssh }) =>
      ssh.map((line) => `${person} namespaces="${namespaces}" ${line.split(' ').slice(0, 2).join(' ')}\n`),
    )
    .join('');
}

const mismatch = (message: string): HoldpointError => new HoldpointError('MANIFEST_MISMATCH', `approvers: ${message}`);
