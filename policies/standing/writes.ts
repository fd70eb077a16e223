import type { RecordBody } from '../../contracts/record.ts';
import type { RunbookRef } from '../../contracts/runbook.ts';
import { toolRegistry } from '../../contracts/tools/registry.ts';

type Body<K extends RecordBody['kind']> = Extract<RecordBody, { kind: K }>;
/** When a record was written: its number and its time in ms. */
export type When = { readonly seq: number; readonly at: number };

/** One admitted action, whatever number of attempts it took. */
export type Write = When & {
  readonly digest: string;
  readonly runbook: RunbookRef;
  readonly manifest: string;
  readonly destructive: boolean;
};
type Ending = When & { expected: boolean };
type Tally = { readonly writes: Write[]; readonly endings: Ending[]; lastExpected: number };

/** What cannot be undone, or can do much, is destructive; and so is a tool that nobody knows. */
export function isDestructive(tool: string): boolean {
  const contract = toolRegistry.get(tool);
  return contract === undefined || contract.risk === 'high' || contract.inverse.tool === null;
}

/**
 * What a circuit breaker counts, in log order. A scope is a runbook id, whatever its text (an edit refunds nothing), or null
 * for all of them; `since` is the record from which on things count, `after` the time (ms).
 */
export class Writes {
  private readonly byDigest = new Map<string, Write>();
  private readonly byAttempt = new Map<string, Ending>();
  private readonly denied = new Set<string>();
  private readonly tallies = new Map<string | null, Tally>();

  begin({ digest, request: { action } }: Body<'intent'>, when: When): void {
    if (this.byDigest.has(digest)) return;
    const { runbook, manifest, tool } = action;
    const write = { seq: when.seq, at: when.at, digest, runbook, manifest, destructive: isDestructive(tool) };
    this.byDigest.set(digest, write);
    for (const tally of this.tell(runbook.id)) tally.writes.push(write);
  }

  /** True when the effect happened and what it was for does not hold. */
  end({ digest, attempt: n, outcome }: Body<'outcome'>, { seq, at }: When): boolean {
    const write = this.byDigest.get(digest);
    if (write === undefined) return false;
    const { status, postcondition } = outcome?.payload ?? { status: 'unknown', postcondition: null };
    const failed = status === 'done' && postcondition?.held === false;
    const expected = status === 'done' && !failed;
    const attempt = `${digest} ${n}`;
    const known = this.byAttempt.get(attempt) ?? { seq, at, expected: false };
    if (!this.byAttempt.has(attempt)) {
      this.byAttempt.set(attempt, known);
      for (const tally of this.tell(write.runbook.id)) tally.endings.push(known);
    }
    // What was unknown may be known later; it stays one end.
    known.expected ||= expected;
    if (expected) for (const tally of this.tell(write.runbook.id)) tally.lastExpected = seq;
    return failed;
  }

  /** A denied proposal is an unexpected end: once for each rule and tool of an incident, however often it is repeated. */
  deny(runbookId: string, key: string, { seq, at }: When): void {
    if (this.denied.has(key)) return;
    this.denied.add(key);
    for (const tally of this.tell(runbookId)) tally.endings.push({ seq, at, expected: false });
  }

  of(digest: string): Write | null {
    return this.byDigest.get(digest) ?? null;
  }

  destructiveIn(scope: string | null, since: number, after: number): number {
    return newest(this.tallyOf(scope).writes, since, after).filter(({ destructive }) => destructive).length;
  }

  /** Writes in a row of which none is known to have gone well. */
  inARow(scope: string | null, since: number): number {
    const { writes, lastExpected } = this.tallyOf(scope);
    return newest(writes, Math.max(since, lastExpected), Number.NEGATIVE_INFINITY).length;
  }

  endingsIn(scope: string | null, since: number, after: number): { events: number; unexpected: number } {
    const endings = newest(this.tallyOf(scope).endings, since, after);
    return { events: endings.length, unexpected: endings.filter(({ expected }) => !expected).length };
  }

  private tallyOf(scope: string | null): Tally {
    const known = this.tallies.get(scope) ?? { writes: [], endings: [], lastExpected: -1 };
    this.tallies.set(scope, known);
    return known;
  }

  /** The two counts that a runbook's event goes into. */
  private tell(runbookId: string): readonly Tally[] {
    return [this.tallyOf(null), this.tallyOf(runbookId)];
  }
}

/** Those after record `since` and after that time, from the end: a log is long, and a window is not. */
function newest<T extends When>(all: readonly T[], since: number, after: number): T[] {
  const found: T[] = [];
  for (let index = all.length - 1; index >= 0; index--) {
    const one = all[index];
    if (one === undefined || one.seq <= since || !(one.at > after)) break;
    found.push(one);
  }
  return found;
}
