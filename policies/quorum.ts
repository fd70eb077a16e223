import { type ErrorCode, HoldpointError } from '../contracts/errors.ts';
import type { Rules } from './manifest.ts';
import type { VerifiedStatement } from './statement.ts';

/** More than a quorum ever needs, and what a receipt request may carry. */
export const statementsMax = 16;

/** Statements that count so far, and why the others do not. */
export type Sorted = { readonly valid: readonly VerifiedStatement[]; readonly faults: readonly HoldpointError[] };

/**
 * Sorts statements into valid ones and refusals. An error that nobody classified is no refusal: it stops the release.
 * Throws `TOO_LARGE`.
 */
export function sortOut<T>(items: readonly T[], verify: (item: T) => VerifiedStatement): Sorted {
  if (items.length > statementsMax)
    throw new HoldpointError('TOO_LARGE', `expected at most ${statementsMax} statements, got ${items.length}`);
  const valid: VerifiedStatement[] = [];
  const faults: HoldpointError[] = [];
  for (const item of items) {
    try {
      valid.push(verify(item));
    } catch (error) {
      if (!(error instanceof HoldpointError)) throw error;
      faults.push(error);
    }
  }
  return { valid, faults };
}

/** The newest statement of each person that passes `check`, in order of decision: quorum counts persons, not proofs. */
export function onePerPerson(
  { valid, faults }: Sorted,
  check: (verified: VerifiedStatement) => VerifiedStatement,
): Sorted {
  const passed = sortOut(valid, check);
  const newestFirst = [...passed.valid].sort((a, b) => decidedAt(b) - decidedAt(a) || (a.hash < b.hash ? -1 : 1));
  const seen = new Set<string>();
  const single = sortOut(newestFirst, (verified) => {
    const { person, nonce } = verified.statement;
    const known = [`person ${person}`, `nonce ${nonce}`];
    if (known.some((key) => seen.has(key)))
      throw new HoldpointError('STATEMENT_REPLAYED', `\`${person}\`: expected one statement of each person`);
    for (const key of known) seen.add(key);
    return verified;
  });
  return { valid: [...single.valid].reverse(), faults: [...faults, ...passed.faults, ...single.faults] };
}

/** Throws `code` for a statement decided at `since` (ms) or before. */
export function mustFollow(
  verified: VerifiedStatement,
  since: number,
  code: ErrorCode = 'STATEMENT_BEFORE_RESUME',
): VerifiedStatement {
  if (decidedAt(verified) > since) return verified;
  throw new HoldpointError(code, `decided at ${verified.statement.decidedAt}, which is too early`);
}

/** Throws `RELEASE_MISSING`, why the first statement did not count, or `QUORUM_MISSING`. */
export function mustReach(quorum: number, { valid, faults }: Sorted, given: number): void {
  if (valid.length >= quorum) return;
  if (given === 0) throw new HoldpointError('RELEASE_MISSING', 'expected statements of persons, got none');
  throw (
    faults[0] ??
    new HoldpointError('QUORUM_MISSING', `expected ${quorum} persons, got ${valid.length}`, {
      quorum,
      people: valid.length,
    })
  );
}

/** Of the statements that count, the last has to be fresh under every rule set at `now`. Throws `STATEMENT_STALE`. */
export function mustBeFresh(
  statements: readonly VerifiedStatement[],
  editions: readonly { readonly rules: Rules }[],
  now: number,
): void {
  const ageMs = now - Math.max(...statements.map(decidedAt));
  const ageMsMax = Math.min(...editions.map(({ rules }) => rules.limits.statementAgeMsMax));
  if (!(ageMs <= ageMsMax))
    throw new HoldpointError('STATEMENT_STALE', `expected a statement of at most ${ageMsMax} ms age, got ${ageMs} ms`);
}

const decidedAt = ({ statement }: VerifiedStatement): number => Date.parse(statement.decidedAt);
