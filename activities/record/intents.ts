import type { Action } from '../../contracts/action.ts';
import { HoldpointError } from '../../contracts/errors.ts';
import type { LogRecord, RecordBody } from '../../contracts/record.ts';
import { InventoryRef } from '../../contracts/tools/contract.ts';

type Intent = Extract<RecordBody, { kind: 'intent' }>;
type Outcome = Extract<RecordBody, { kind: 'outcome' }>;
export type EndEntry = { readonly seq: number; readonly signed: boolean; readonly status: string };
/** One admitted attempt and what came of it. Times in ms since the epoch. */
export type IntentEntry = {
  readonly seq: number;
  readonly hash: string;
  readonly body: Intent;
  readonly target: string;
  readonly at: number;
  readonly startBefore: number;
  readonly ends: EndEntry[];
};
export type Intents = {
  begin(body: Intent, record: LogRecord, hash: string): void;
  end(body: Outcome, seq: number): void;
  /** Attempts at one digest, first to last. */
  of(digest: string): readonly IntentEntry[];
  attempt(digest: string, attempt: number): IntentEntry | null;
  /** Intents without any outcome, and those that no executor has signed one for. */
  open(): readonly IntentEntry[];
  unsigned(executor: string): readonly IntentEntry[];
  ofRun(workflowId: string, runId: string): readonly IntentEntry[];
  /** How many attempts pass the test; with `since`, only those admitted after that time (ms). */
  count(test: (entry: IntentEntry) => boolean, since?: number): number;
};

/**
 * What an action is aimed at, as one key: two actions with the same key may not be open at once. Of an entity that is a part or
 * a change of another (after `::`), it is that other one, so that two fixes of one deployment never meet. A broader key only
 * refuses more. Throws `BAD_INPUT` for an action without an inventory target, which no write has.
 */
export function targetOf(action: Action): string {
  const ref = InventoryRef.safeParse(action.args.target);
  if (!ref.success) throw new HoldpointError('BAD_INPUT', 'action: expected `args.target` to name an inventory entity');
  return ref.data.entity.split('::', 1).join('');
}

/** The attempts that the log admitted, by digest and in log order. */
export function createIntents(): Intents {
  const all: IntentEntry[] = [];
  const byDigest = new Map<string, IntentEntry[]>();
  const of = (digest: string): IntentEntry[] => byDigest.get(digest) ?? [];
  const attempt = (digest: string, n: number) => of(digest).find(({ body }) => body.attempt === n) ?? null;
  return {
    of,
    attempt,
    begin(body, { seq, at }, hash) {
      const target = targetOf(body.request.action);
      const times = { at: Date.parse(at), startBefore: Date.parse(body.startBefore) };
      const entry: IntentEntry = { seq, hash, body, target, ...times, ends: [] };
      all.push(entry);
      byDigest.set(body.digest, [...of(body.digest), entry]);
    },
    end({ digest, attempt: n, outcome, status }, seq) {
      attempt(digest, n)?.ends.push({ seq, signed: outcome !== null, status });
    },
    open: () => all.filter(({ ends }) => ends.length === 0),
    unsigned: (executor) =>
      all.filter(({ body, ends }) => body.executor === executor && !ends.some(({ signed }) => signed)),
    ofRun: (workflowId, runId) => all.filter(({ body }) => body.workflowId === workflowId && body.runId === runId),
    count: (test, since = 0) => all.filter((entry) => entry.at > since && test(entry)).length,
  };
}
