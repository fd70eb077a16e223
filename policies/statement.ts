import { HoldpointError } from '../contracts/errors.ts';
import { SignedStatement, type Statement, type StatementType } from '../contracts/statement.ts';
import { personOf } from './approvers.ts';
import { digestOf, jcs } from './digest.ts';
import type { Rules } from './manifest.ts';
import { firstIssue } from './signing.ts';
import { type SshVerified, verifySshSignature } from './sshsig.ts';

/** The exact bytes that a proof covers: the JCS form (RFC 8785), UTF-8, without a newline. */
export const statementBytes = (statement: Statement): Buffer => Buffer.from(jcs(statement), 'utf8');

/** SHA-256 of those bytes. */
export const statementHash = (statement: Statement): string => digestOf(statement);

/** The SSH signature namespace of a statement type: a proof for one type verifies for no other. */
export const sshNamespace = (type: StatementType): string => `holdpoint-${type}@v1`;

export type VerifiedStatement = {
  readonly signed: SignedStatement;
  readonly statement: Statement;
  readonly hash: string;
  /** The person's groups that give the power for this type. */
  readonly groups: readonly string[];
  readonly proof: SshVerified;
};

export type VerifyStatementInput = { readonly raw: unknown; readonly rules: Rules; readonly now: number };

/**
 * Verifies one signed human act under one manifest: its shape, a person of the directory, a proof over the whole of it
 * by one of that person's own keys, the power to make such a statement, and that it is not from the future. Says
 * nothing of its verdict, subject or age. Throws `STATEMENT_MALFORMED`, `STATEMENT_UNKNOWN_PERSON`,
 * `STATEMENT_BAD_PROOF`, `STATEMENT_NOT_POWERED`, `STATEMENT_FROM_FUTURE`.
 */
export function verifyStatement({ raw, rules, now }: VerifyStatementInput): VerifiedStatement {
  const signed = parseStatement(raw);
  const { statement } = signed;
  const person = personOf(rules.approvers, statement.person);
  if (person === null)
    throw new HoldpointError('STATEMENT_UNKNOWN_PERSON', `\`${statement.person}\` is not in the approver directory`);
  const proof = verifySshSignature({
    armored: signed.proof.signature,
    message: statementBytes(statement),
    namespace: sshNamespace(statement.type),
    allowedKeys: person.ssh,
  });
  const power = rules.powers.types[statement.type];
  const groups = person.groups.filter((group) => power.groups.includes(group));
  if (groups.length === 0 || !power.proofs.includes(signed.proof.kind))
    throw new HoldpointError(
      'STATEMENT_NOT_POWERED',
      `\`${statement.person}\` may not make a statement of type \`${statement.type}\` with a proof of kind \`${signed.proof.kind}\``,
    );
  const aheadMs = Date.parse(statement.decidedAt) - now;
  // Written so that a clock that answers NaN refuses too.
  if (!(aheadMs <= rules.limits.statementAheadMsMax))
    throw new HoldpointError('STATEMENT_FROM_FUTURE', `\`decidedAt\` is ${aheadMs} ms ahead of the clock here`);
  return { signed, statement, hash: statementHash(statement), groups, proof };
}

/** Parses a signed statement, and makes sure that it has bytes to verify. Throws `STATEMENT_MALFORMED`. */
export function parseStatement(raw: unknown): SignedStatement {
  const parsed = SignedStatement.safeParse(raw);
  if (!parsed.success) throw new HoldpointError('STATEMENT_MALFORMED', `statement: ${firstIssue(parsed.error)}`);
  try {
    statementBytes(parsed.data.statement);
  } catch {
    throw new HoldpointError('STATEMENT_MALFORMED', 'statement: expected well-formed Unicode');
  }
  return parsed.data;
}
