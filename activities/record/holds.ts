import type { LogRecord, RecordBody, RecordKind } from '../../contracts/record.ts';

type Body<K extends RecordKind> = Extract<RecordBody, { kind: K }>;
export type HoldPhase = 'waits' | 'released' | 'ended';
/** One held action as the log knows it: how far it is, and how far people were told. */
export type HoldEntry = {
  readonly digest: string;
  readonly workflowId: string;
  readonly runbook: string;
  phase: HoldPhase;
  /** What brought it there, in words that may hold outside text. */
  why: string;
  /** Null until somebody was told that it waits: nothing is told of a hold that nobody heard of. */
  told: HoldPhase | null;
};
export type Holds = {
  apply(record: LogRecord): void;
  /** Holds of which people were told less than the log knows by now, oldest first. */
  untold(): readonly HoldEntry[];
  /** Digests of a runbook's actions that wait for a person, as far as the log knows, oldest first. */
  waiting(runbook: string): readonly string[];
};

const order: readonly HoldPhase[] = ['waits', 'released', 'ended'];

/**
 * What became of every hold, from the records alone: a run that was killed or terminated tells nobody that its hold is
 * over, and a page that stays open wakes people for nothing.
 */
export function createHolds(): Holds {
  const byDigest = new Map<string, HoldEntry>();
  const byRun = new Map<string, string[]>();
  const latestAt = new Map<string, string>();
  const untold = new Map<string, HoldEntry>();

  const update = (digest: string | undefined, change: (entry: HoldEntry) => void): void => {
    const entry = byDigest.get(digest ?? '');
    if (entry === undefined) return;
    change(entry);
    if (entry.told !== null && order.indexOf(entry.phase) > order.indexOf(entry.told)) untold.set(entry.digest, entry);
    else untold.delete(entry.digest);
  };
  const move = (digest: string | undefined, phase: HoldPhase, why: string): void =>
    update(digest, (entry) => {
      if (order.indexOf(phase) <= order.indexOf(entry.phase)) return;
      entry.phase = phase;
      entry.why = why;
    });
  const open = ({ workflowId, runId, card: { digest, action } }: Body<'card'>): void => {
    const run = `${workflowId} ${runId}`;
    const place = `${run} ${action.step.step} ${action.step.index}`;
    move(latestAt.get(place), 'ended', 'it was judged again, and asks anew');
    latestAt.set(place, digest);
    byRun.set(run, [...(byRun.get(run) ?? []), digest]);
    byDigest.set(digest, { digest, workflowId, runbook: action.runbook.id, phase: 'waits', why: '', told: null });
  };
  const hear = ({ about, digest, delivered }: Body<'page'>, by: string): void => {
    const told = toldBy(about, by);
    if (told === null || digest == null || (by !== 'recorder' && !delivered)) return;
    if (about === 'hold-expired') move(digest, 'ended', 'it expired');
    update(digest, (entry) => {
      entry.told = told;
    });
  };
  return {
    untold: () => [...untold.values()],
    waiting: (runbook) => waitingOf(byDigest.values(), runbook),
    apply({ body, by }) {
      switch (body.kind) {
        case 'card':
          return open(body);
        case 'intent':
          return move(body.digest, 'released', `released by ${releasersOf(body)}`);
        case 'outcome':
          return move(body.digest, 'ended', `${body.status}: ${body.why}`);
        case 'statement':
          return hearStatement(body, move);
        case 'seal':
          for (const digest of byRun.get(`${body.workflowId} ${body.runId}`) ?? [])
            move(digest, 'ended', `its incident ended (${body.status})`);
          return;
        case 'page':
          return hear(body, by);
        default:
          return;
      }
    },
  };
}

const waitingOf = (holds: Iterable<HoldEntry>, id: string): string[] =>
  [...holds].flatMap(({ digest, runbook, phase }) => (runbook === id && phase === 'waits' ? [digest] : []));

/** How far this page told people. A late *waits* takes back what was told before it: whatever it opened is to be ended again. */
function toldBy(about: string, by: string): HoldPhase | null {
  if (about === 'hold-waits' || about === 'hold-still-waits') return 'waits';
  if (about === 'hold-expired') return 'ended';
  if (by !== 'recorder') return null;
  return about === 'hold-released' || about === 'auto-released' ? 'released' : about === 'hold-ended' ? 'ended' : null;
}

function hearStatement({ statement: { statement } }: Body<'statement'>, move: MoveHold): void {
  const { subject, verdict, person, reason } = statement;
  if (subject.type === 'action' && verdict === 'reject')
    move(subject.digest, 'ended', `rejected by ${person}: ${reason}`);
}
type MoveHold = (digest: string, phase: HoldPhase, why: string) => void;

const releasersOf = ({ request: { grant, statements } }: Body<'intent'>): string =>
  grant === null ? statements.map(({ statement }) => statement.person).join(', ') : `grant ${grant}`;
