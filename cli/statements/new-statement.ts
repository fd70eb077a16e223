import { randomBytes } from 'node:crypto';
import type { Statement, Subject } from '../../contracts/statement.ts';
import { PersonId, Statement as StatementSchema } from '../../contracts/statement.ts';
import { firstIssue } from '../../policies/signing.ts';
import { WrongUse } from '../shell/refusal.ts';

export type Act = {
  readonly subject: Subject;
  readonly verdict: 'approve' | 'reject';
  readonly cardDigest: string | null;
  readonly reason: string;
  readonly person: string;
};

/** A statement of this moment, not yet signed. `now` is in milliseconds. Throws `WrongUse` naming the field. */
export function newStatement(act: Act, now: number): Statement {
  const parsed = StatementSchema.safeParse({
    v: 1,
    type: act.subject.type,
    verdict: act.verdict,
    subject: act.subject,
    cardDigest: act.cardDigest,
    reason: act.reason,
    person: act.person,
    decidedAt: new Date(now).toISOString(),
    nonce: randomBytes(16).toString('base64url'),
  });
  if (parsed.success) return parsed.data;
  throw new WrongUse(`statement: ${firstIssue(parsed.error)}`, 'mend that value and run it again');
}

/** Who signs: the option, else the home's person. Throws `WrongUse`. */
export function personFrom(given: string | undefined, fromHome: string | null | undefined): string {
  const person = given ?? fromHome ?? undefined;
  if (person === undefined)
    throw new WrongUse('no person: who signs?', 'add --person NAME, as the approver directory spells it');
  if (!PersonId.safeParse(person).success)
    throw new WrongUse(
      `person \`${person}\`: expected an id like oncall@example.com`,
      'spell it as approvers.yaml does',
    );
  return person;
}

/** The key to sign with: the option, else the home's. Throws `WrongUse`. */
export function keyFrom(given: string | undefined, fromHome: string | null | undefined): string {
  const key = given ?? fromHome ?? undefined;
  if (key === undefined) throw new WrongUse('no SSH key to sign with', 'add --key FILE');
  return key;
}
