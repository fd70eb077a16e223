import type { Card } from '../../contracts/card.ts';
import type { RunbookRef } from '../../contracts/runbook.ts';
import { jcs } from '../digest.ts';

/** A write that was proposed and either held or rehearsed: what a person can grade. */
export type Proposal = {
  readonly digest: string;
  readonly cardDigest: string;
  readonly kind: 'held' | 'rehearsed';
  readonly runbook: RunbookRef;
  readonly tool: string;
  readonly workflowId: string;
  /** Who signed its prediction. */
  readonly executor: string;
  readonly seq: number;
  readonly at: string;
};
export type Grade = { readonly person: string; readonly correct: boolean };
export type Score = { readonly graded: number; readonly correct: number };
export type Proposals = {
  offer(kind: Proposal['kind'], shown: { card: Card; cardDigest: string }, seq: number, at: string): void;
  /** The first grade of each person counts; one of a proposal that nobody was shown counts nowhere. */
  grade(digest: string, grade: Grade): void;
  of(digest: string): Proposal | null;
  gradesOf(digest: string): readonly Grade[];
  /** Every proposal of a runbook digest that came after record `since`, once, oldest first. */
  list(runbook: RunbookRef, since: number): readonly Proposal[];
  /** Of those, what nobody graded yet. */
  ungraded(runbook: RunbookRef, since: number): readonly Proposal[];
  /** Of those that were graded, how many every grader called correct; of one tool alone, where it is named. */
  score(runbook: RunbookRef, since: number, tool?: string): Score;
  /** When the first proposal of a tool was made that anybody graded; null when there is none. */
  firstGraded(runbook: RunbookRef, since: number, tool: string): string | null;
};

/** One proposal with all the digests that were minted for it. */
type Group = { readonly first: Proposal; readonly grades: Map<string, boolean> };

/**
 * The gradable proposals. INVARIANT: the same tool on the same target of the same incident is one proposal, however often a
 * Reset or a new judgement minted it again: repeating it earns nothing.
 */
export function createProposals(): Proposals {
  const byDigest = new Map<string, { readonly proposal: Proposal; readonly group: Group }>();
  const groups = new Map<string, Group>();
  const since = (runbook: RunbookRef, seq: number): Group[] =>
    [...groups.values()].filter(({ first }) => isOf(first.runbook, runbook) && first.seq > seq);
  return {
    offer(kind, { card, cardDigest }, seq, at) {
      if (byDigest.has(card.digest)) return;
      const proposal = proposalOf(kind, card, cardDigest, seq, at);
      const key = keyOf(card);
      const group = groups.get(key) ?? { first: proposal, grades: new Map() };
      groups.set(key, group);
      byDigest.set(card.digest, { proposal, group });
    },
    grade(digest, { person, correct }) {
      const grades = byDigest.get(digest)?.group.grades;
      if (grades !== undefined && !grades.has(person)) grades.set(person, correct);
    },
    of: (digest) => byDigest.get(digest)?.proposal ?? null,
    gradesOf: (digest) =>
      [...(byDigest.get(digest)?.group.grades ?? [])].map(([person, correct]) => ({ person, correct })),
    ungraded: (runbook, seq) => since(runbook, seq).flatMap(({ first, grades }) => (grades.size === 0 ? [first] : [])),
    list: (runbook, seq) => since(runbook, seq).map(({ first }) => first),
    score(runbook, seq, tool) {
      const graded = since(runbook, seq).filter(
        ({ first, grades }) => grades.size > 0 && (tool === undefined || first.tool === tool),
      );
      // Disagreement counts as incorrect: a proposal that one reader would have refused was not right.
      const correct = graded.filter(({ grades }) => [...grades.values()].every((one) => one)).length;
      return { graded: graded.length, correct };
    },
    firstGraded: (runbook, seq, tool) =>
      since(runbook, seq).find(({ first, grades }) => grades.size > 0 && first.tool === tool)?.first.at ?? null,
  };
}

export const isOf = (a: RunbookRef, b: RunbookRef): boolean => a.id === b.id && a.digest === b.digest;

const keyOf = ({ action, provenance }: Card): string =>
  jcs([action.runbook.id, action.runbook.digest, action.workflowId, action.tool, provenance.entity.id]);

const proposalOf = (
  kind: Proposal['kind'],
  { digest, action, prediction }: Card,
  cardDigest: string,
  seq: number,
  at: string,
): Proposal => ({
  digest,
  cardDigest,
  kind,
  runbook: action.runbook,
  tool: action.tool,
  workflowId: action.workflowId,
  executor: prediction.signer,
  seq,
  at,
});
