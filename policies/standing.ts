import type { LogRecord, SignedRecord } from '../contracts/record.ts';
import type { RunbookRef } from '../contracts/runbook.ts';
import type { Ring, Standing } from '../contracts/standing.ts';
import type { Subject } from '../contracts/statement.ts';
import { digestOf } from './digest.ts';

type StandingBody = Extract<LogRecord['body'], { kind: 'standing' }>;
type Change = { readonly record: SignedRecord; readonly body: StandingBody; readonly subject: Subject };

/** One ring that persons gave. A later one may stand above it; it never stands above a later one. */
type Given = {
  readonly ring: Ring;
  readonly rule: string;
  /** The record that gave it, which a revoke names; and the one that decided last, which a screen shows. */
  readonly givenBy: string;
  readonly decidedBy: string;
  readonly until: string | null;
};
type Fold = { readonly given: readonly Given[]; readonly last: Pick<Standing, 'rule' | 'record'> };

/** The kinds of record that the fold reads, so that a log may keep just those at hand. */
export const standingKinds = ['standing', 'manifest'] as const;

/**
 * Where a runbook stands at `now` (ms): a pure fold over the log's records, in whatever order they are given. Ring 0
 * unless persons waived or promoted this very digest. A waiver ends at its `until`; a newer demotion lowers what came
 * before it; a revoke cancels the waiver or promotion that it names. INVARIANT: time alone never raises a ring, nor does
 * a demote or a revoke.
 *
 * Statements inside the records are believed: the recorder verified them before it appended.
 */
export function foldStanding(records: Iterable<SignedRecord>, runbook: RunbookRef, now: number): Standing {
  const relevant = [...records]
    .filter(({ payload }) => payload.body.kind === 'standing' || payload.body.kind === 'manifest')
    .sort((a, b) => a.payload.seq - b.payload.seq);
  const dryRunSince = firstSeen(relevant, runbook);
  let fold: Fold = { given: [], last: { rule: 'standing.read-only', record: null } };
  for (const change of changesOf(relevant)) fold = apply(fold, change, runbook);
  // Written so that a clock that answers NaN finds nothing in force.
  const inForce = fold.given.filter(({ until }) => until === null || now < Date.parse(until));
  const top = inForce.at(-1);
  if (top !== undefined)
    return { ring: top.ring, rule: top.rule, record: top.decidedBy, until: top.until, dryRunSince };
  const expired = fold.given.at(-1);
  const last = expired === undefined ? fold.last : { rule: 'standing.waiver-expired', record: expired.decidedBy };
  return { ring: 0, ...last, until: null, dryRunSince };
}

function firstSeen(records: readonly SignedRecord[], { id, digest }: RunbookRef): string | null {
  const seen = records.find(
    ({ payload: { body } }) =>
      body.kind === 'manifest' && body.runbooks.some((ref) => ref.id === id && ref.digest === digest),
  );
  return seen?.payload.at ?? null;
}

/** Each signed act once: a statement found in two records was replayed, and the second record changes nothing. */
function changesOf(records: readonly SignedRecord[]): readonly Change[] {
  const used = new Set<string>();
  return records.flatMap((record) => {
    const { body } = record.payload;
    if (body.kind !== 'standing') return [];
    const hashes = body.statements.map(({ statement }) => digestOf(statement));
    const replayed = hashes.some((hash) => used.has(hash));
    for (const hash of hashes) used.add(hash);
    const subject = body.statements[0]?.statement.subject;
    const whole = body.statements.every(
      ({ statement }) =>
        statement.verdict === 'approve' && subject !== undefined && digestOf(statement.subject) === digestOf(subject),
    );
    return subject?.type === body.change && whole && !replayed ? [{ record, body, subject }] : [];
  });
}

function apply(fold: Fold, { record, subject }: Change, runbook: RunbookRef): Fold {
  const hash = digestOf(record);
  switch (subject.type) {
    case 'waive':
      return isOf(subject, runbook) ? give(fold, subject.ring, 'standing.waived', hash, subject.until) : fold;
    case 'promote':
      return isOf(subject, runbook) ? give(fold, subject.ring, 'standing.promoted', hash, null) : fold;
    case 'demote':
      return isOf(subject, runbook) ? lower(fold, subject.ring, hash) : fold;
    case 'revoke':
      return revoke(fold, subject.record, hash);
    case 'action':
    case 'resume':
      return fold;
  }
}

const isOf = (subject: { readonly runbook: RunbookRef }, { id, digest }: RunbookRef): boolean =>
  subject.runbook.id === id && subject.runbook.digest === digest;

/** The newest gift decides. One above it is superseded: else the end of this one would bring a higher ring back. */
function give({ given, last }: Fold, ring: Ring, rule: string, hash: string, until: string | null): Fold {
  const below = given.filter((one) => one.ring <= ring);
  return { given: [...below, { ring, rule, givenBy: hash, decidedBy: hash, until }], last };
}

function lower({ given }: Fold, ring: Ring, hash: string): Fold {
  const rule = 'standing.demoted';
  const lowered = given.map((one) => (one.ring > ring ? { ...one, ring, rule, decidedBy: hash } : one));
  return { given: lowered.filter((one) => one.ring > 0), last: { rule, record: hash } };
}

/** Cancels a gift, and nothing else: to revoke a demotion would raise a ring, which takes a promotion. */
function revoke(fold: Fold, record: string, hash: string): Fold {
  if (!fold.given.some(({ givenBy }) => givenBy === record)) return fold;
  const given = fold.given.filter(({ givenBy }) => givenBy !== record);
  return { given, last: { rule: 'standing.revoked', record: hash } };
}
