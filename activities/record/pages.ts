import type { LogRecord, RecordBody } from '../../contracts/record.ts';
import { InventoryRef } from '../../contracts/tools/contract.ts';
import type { Manifests } from '../identity/manifests.ts';
import { escalationOf } from '../notify/escalation.ts';
import { cut, type Notifier, type Page, severityOf } from '../notify/page.ts';
import type { HoldEntry } from './holds.ts';
import type { Log } from './log.ts';
import type { LogState } from './state.ts';

type Body<K extends RecordBody['kind']> = Extract<RecordBody, { kind: K }>;
export type PagesDeps = {
  readonly log: Log;
  readonly notifier: Notifier;
  readonly clock: () => number;
  readonly manifests: Pick<Manifests, 'newest'>;
};

/** How many holds are told of at the same time, and before stops are looked for again. */
const holdsMax = 8;
const detailCharsMax = 1_000;

/**
 * Tells a person of every stop, every open breaker, what ended each, every write that a grant released, and every unknown
 * outcome that nobody was told of, and records each telling. Due until recorded: a crash in between pages twice rather than never.
 */
export async function tellOfWhatIsUntold(deps: PagesDeps): Promise<void> {
  const { log } = deps;
  // One after the other, in the order of the log: a stop that is told after its resume would stay open.
  for (const record of [...log.state.untold.values()])
    await tell(deps, wordsOf(log, record), (state) => state.untold.has(record.seq));
  if (deps.notifier.configured) await tellOfHolds(deps);
}

/** Ends, or acknowledges, what was opened for a hold: by the log, so also for a run that was killed while it waited. */
async function tellOfHolds(deps: PagesDeps): Promise<void> {
  const due = deps.log.state.holds.untold().slice(0, holdsMax);
  await Promise.all(due.map((hold) => tell(deps, holdWords(hold), () => true)));
}

type Words = Pick<Page, 'about' | 'workflowId' | 'digest' | 'scope' | 'record' | 'runbook' | 'detail'> &
  Partial<Pick<Page, 'commands'>>;

async function tell({ log, notifier, clock, manifests }: PagesDeps, words: Words, isDue: (state: LogState) => boolean) {
  const { about, workflowId, digest } = words;
  const detail = cut(words.detail, detailCharsMax);
  const page: Page = {
    ...words,
    detail,
    at: new Date(clock()).toISOString(),
    runId: null,
    escalation: escalationOf(manifests, words.runbook),
    severity: severityOf(about, null),
    commands: words.commands ?? [],
  };
  const { to, delivered, channels } = await notifier.page(page);
  await log.write((writer) => {
    if (!isDue(writer.state)) return;
    const how = { about, to, detail, delivered, digest, channels: [...channels] };
    writer.append({ kind: 'page', workflowId, runId: null, ...how });
  });
}

/** The number of the record comes first: it is how the log knows that this one was told. */
function wordsOf({ state }: Log, { seq, body }: LogRecord): Words {
  const none = { workflowId: null, digest: null, scope: null, record: seq, runbook: null };
  switch (body.kind) {
    case 'outcome': {
      const { workflowId, runId, digest, attempt, why } = body;
      const runbook = state.cards.get(digest)?.body.card.action.runbook.id ?? null;
      const what = `attempt ${attempt} at action ${digest} (run ${runId}) has an unknown outcome`;
      return {
        ...none,
        about: 'outcome-unknown',
        workflowId,
        digest,
        runbook,
        detail: `record ${seq}: ${what}: ${why}`,
      };
    }
    case 'intent':
      return autoWords(seq, body);
    case 'resume': {
      const { scope, statements } = body;
      const by = statements.map(({ statement }) => `${statement.person}: ${statement.reason}`).join('; ');
      const detail = `record ${seq}: ${scope} is resumed by ${by}`;
      return { ...none, about: 'resumed', scope, runbook: runbookOf(scope), detail };
    }
    case 'kill': {
      const { scope, how, reason } = body;
      const detail = `record ${seq}: ${scope} is stopped (${how}): ${reason}`;
      return { ...none, about: 'stopped', scope, runbook: runbookOf(scope), detail };
    }
    case 'standing': {
      const scope = `breaker/${body.runbook === null ? 'all' : `runbook/${body.runbook.id}`}`;
      const words = { ...none, scope, runbook: body.runbook?.id ?? null };
      if (body.trip === undefined) {
        const by = body.statements.map(({ statement }) => `${statement.person}: ${statement.reason}`).join('; ');
        return { ...words, about: 'breaker-closed', detail: `record ${seq}: ${scope} is closed again by ${by}` };
      }
      const { limit, count, max } = body.trip;
      const detail = `record ${seq}: ${scope} is open: ${limit} ${count} of ${max}; holds stay held until a signed reset`;
      return { ...words, about: 'breaker-open', detail, commands: commandsOfTrip(body.runbook?.id ?? null) };
    }
    default:
      return { ...none, about: 'stopped', detail: `record ${seq}: ${body.kind}` };
  }
}

/** Who gave the grant is in its record, which a revocation names. */
function autoWords(seq: number, { workflowId, digest, request: { action, grant } }: Body<'intent'>): Words {
  const target = InventoryRef.safeParse(action.args.target).data?.entity ?? 'its target';
  return {
    about: 'auto-released',
    workflowId,
    digest,
    scope: null,
    record: seq,
    runbook: action.runbook.id,
    detail: `record ${seq}: ${action.tool} on ${target} is released by grant ${grant}, and nobody was asked`,
    commands: [`holdpoint show ${workflowId}`, `holdpoint runbook revoke ${grant}`],
  };
}

/** What whoever is paged types: first to look, and only then to close it. */
const commandsOfTrip = (runbook: string | null): string[] => [
  `holdpoint runbook status${runbook === null ? '' : ` ${runbook}`}`,
  `holdpoint runbook trip-reset ${runbook ?? '--all'}`,
];

const runbookOf = (scope: string): string | null => /^fence\/runbook\/(.+)$/.exec(scope)?.[1] ?? null;

const holdWords = ({ digest, workflowId, runbook, phase, why }: HoldEntry): Words => ({
  about: phase === 'ended' ? 'hold-ended' : 'hold-released',
  workflowId,
  digest,
  scope: null,
  record: null,
  runbook,
  detail: why,
});
