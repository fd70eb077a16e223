import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import { codeOf, HoldpointError } from '../../contracts/errors.ts';
import type { LogRecord } from '../../contracts/record.ts';
import { Name, WorkflowId } from '../../contracts/values.ts';
import type { KillScope } from '../incident-runs.ts';
import type { KillReport } from '../kill.ts';
import { kill, scopeText } from '../kill.ts';
import { recordsFrom, recordsSince } from './ask.ts';
import type { Reads } from './reads.ts';
import type { Receipt } from './receipt.ts';
import { receiptOf } from './receipt.ts';

/** A stop that somebody asked for here, as it goes on. */
export type KillView = {
  readonly id: string;
  readonly scope: KillScope;
  readonly name: string;
  readonly by: string;
  readonly reason: string;
  readonly askedAt: string;
  readonly state: 'asked' | 'acknowledged' | 'complete' | 'incomplete' | 'failed';
  /** By this process's clock: from here no new effect begins in the scope. */
  readonly acknowledgedAt: string | null;
  readonly acknowledgedMs: number | null;
  readonly report: KillReport | null;
  readonly failure: string | null;
};
export type KillReceipt = { readonly receipt: Receipt; readonly whole: boolean };
export type Kills = {
  /** Begins a stop; one of the same scope that is still going on is joined, so that a second press waits for the first. */
  begin(scope: KillScope, by: string, reason: string): KillView;
  /** Throws `NOT_FOUND`. */
  of(id: string): KillView;
  all(): readonly KillView[];
  /** What the record says of it. Null before the acknowledgement. Throws `RECORDER_AWAY`. */
  receipt(id: string): Promise<KillReceipt | null>;
  /** Resolves when nothing that was begun is still going on. */
  settled(): Promise<void>;
};

const keptMax = 100;
const reasonCharsMax = 400;
/** An effect takes at most ten minutes, so one that is in flight was admitted within them. */
const lookBackMs = 11 * 60_000;

/** `all`, `runbook/<id>` or `incident/…`, as reports write them. Throws `BAD_INPUT`. */
export function parseScope(text: string): KillScope {
  const runbook = /^runbook\/(.*)$/.exec(text)?.[1];
  if (text === 'all') return { kind: 'all' };
  if (runbook !== undefined && Name.safeParse(runbook).success) return { kind: 'runbook', runbook };
  if (text.startsWith('incident/') && WorkflowId.safeParse(text).success) return { kind: 'incident', workflowId: text };
  throw new HoldpointError('BAD_INPUT', '`scope`: expected all, runbook/ID or the workflow id of an incident');
}

type Entry = { view: KillView; running: Promise<void>; tail: Tail | null };
type Tail = { readonly records: LogRecord[]; readonly whole: boolean; next: number };

export function createKills(reads: Reads, clock: () => number, log: Logger): Kills {
  const entries = new Map<string, Entry>();
  const now = (): string => new Date(clock()).toISOString();
  const entryOf = (id: string): Entry => {
    const entry = entries.get(id);
    if (entry !== undefined) return entry;
    throw new HoldpointError(
      'NOT_FOUND',
      'this gateway knows no such stop: it began before the last start, or elsewhere',
    );
  };
  return {
    begin(scope, by, reason) {
      const name = scopeText(scope);
      const going = [...entries.values()].find(({ view }) => view.name === name && isGoing(view));
      if (going !== undefined) return going.view;
      const id = randomBytes(12).toString('base64url');
      const asked: Entry = { view: newView(id, scope, by, reason, now()), running: Promise.resolve(), tail: null };
      entries.set(id, asked);
      const change = (more: Partial<KillView>): void => {
        asked.view = { ...asked.view, ...more };
      };
      log.warn({ scope: name, by }, 'a stop was asked for in the console');
      asked.running = run(reads, asked.view, change, now).then(() =>
        log.warn(
          { scope: name, state: asked.view.state, ms: asked.view.acknowledgedMs },
          'a stop of the console ended',
        ),
      );
      forget(entries);
      return asked.view;
    },
    of: (id) => entryOf(id).view,
    all: () => [...entries.values()].map(({ view }) => view).reverse(),
    async receipt(id) {
      const entry = entryOf(id);
      const { acknowledgedAt, askedAt, scope } = entry.view;
      if (acknowledgedAt === null) return null;
      entry.tail = await grown(reads, entry.tail, Date.parse(askedAt) - lookBackMs);
      const stop = { scope, askedAtMs: Date.parse(askedAt), acknowledgedAtMs: Date.parse(acknowledgedAt) };
      return { receipt: receiptOf(entry.tail.records, stop), whole: entry.tail.whole };
    },
    async settled() {
      await Promise.all([...entries.values()].map(({ running }) => running));
    },
  };
}

const isGoing = ({ state }: KillView): boolean => state === 'asked' || state === 'acknowledged';

const newView = (id: string, scope: KillScope, by: string, reason: string, askedAt: string): KillView => ({
  id,
  scope,
  name: scopeText(scope),
  by,
  reason: reason.trim().slice(0, reasonCharsMax) || 'stopped from the console',
  askedAt,
  state: 'asked',
  acknowledgedAt: null,
  acknowledgedMs: null,
  report: null,
  failure: null,
});

/** The same stop as `holdpoint kill`: it needs Temporal and nothing else, and the recorder is asked only afterwards. */
async function run(
  { client, namespace }: Reads,
  { scope, by, reason }: KillView,
  change: (more: Partial<KillView>) => void,
  now: () => string,
): Promise<void> {
  try {
    const report = await kill({
      client,
      namespace,
      scope,
      reason: `${by}, in the console: ${reason}`,
      onAcknowledged: (acknowledgedMs) => change({ state: 'acknowledged', acknowledgedAt: now(), acknowledgedMs }),
    });
    change({ state: report.complete ? 'complete' : 'incomplete', report });
  } catch (error) {
    change({ state: 'failed', failure: codeOf(error) });
  }
}

/** The oldest that is over makes room; one that goes on is never forgotten. */
function forget(entries: Map<string, Entry>): void {
  for (const [id, { view }] of entries) {
    if (entries.size <= keptMax) return;
    if (!isGoing(view)) entries.delete(id);
  }
}

const toldBy = new Set<LogRecord['body']['kind']>(['intent', 'outcome', 'kill']);

/** Read backwards once; afterwards only what is new. */
async function grown({ record }: Reads, tail: Tail | null, sinceMs: number): Promise<Tail> {
  if (tail === null) {
    const { records, whole, next } = await recordsSince(record, sinceMs);
    return { records: records.filter(({ body }) => toldBy.has(body.kind)), whole, next };
  }
  const { seq } = await record.head();
  for await (const one of recordsFrom(record, tail.next, seq)) {
    // Two readers of one page: what the other has read meanwhile is not told twice.
    if (one.seq < tail.next) continue;
    tail.next = one.seq + 1;
    if (toldBy.has(one.body.kind)) tail.records.push(one);
  }
  return tail;
}
