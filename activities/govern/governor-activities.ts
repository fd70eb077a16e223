import { HoldpointError } from '../../contracts/errors.ts';
import type { Governed, GovernorActivities, Look, Telling } from '../../contracts/governor.ts';
import { governorId } from '../../contracts/queues.ts';
import type { Place } from '../../policies/digest.ts';
import { againInMs, type DueTelling, dueTellings } from '../../policies/governing.ts';
import type { Manifests } from '../identity/manifests.ts';
import { ownPlace } from '../judge/deps.ts';
import { withCodes } from '../judge/failure.ts';
import { escalationOf } from '../notify/escalation.ts';
import { type Notifier, type Page, severityOf } from '../notify/page.ts';
import type { RecorderClient } from '../record/client.ts';

/** What a governor's activities work with: it reads where a runbook stands, and has a page recorded. Nothing of it admits. */
export type GovernorDeps = {
  readonly manifests: Pick<Manifests, 'newest'>;
  readonly recorder: Pick<RecorderClient, 'governed' | 'append'>;
  readonly notifier: Notifier;
  readonly clock: () => number;
  /** How often a governor looks for records that the calendar does not announce. */
  readonly lookEveryMs: number;
};
export const lookEveryMsDefault = 600_000;

/**
 * The activities of a governor. INVARIANT: neither takes anything from the workflow but which telling it is about: where the
 * runbook stands, whether the telling is due and its words come from the log, each time anew.
 */
export const createGovernorActivities = (deps: GovernorDeps): GovernorActivities => ({
  lookAtRunbook: () => withCodes(() => look(ownRunbook(ownPlace()), deps)),
  tellOfRunbook: (telling) => withCodes(() => tell(ownRunbook(ownPlace()), telling, deps)),
});

const governing = /^governor\/([A-Za-z0-9][A-Za-z0-9_.-]{0,62})$/;

/** One runbook has one governor: whoever starts a second one, under another id, governs nothing. */
function ownRunbook({ workflowId }: Place): string {
  const id = governing.exec(workflowId)?.[1];
  if (id === undefined) throw new HoldpointError('BAD_INPUT', 'governor: expected a workflow id `governor/<runbook>`');
  return id;
}

async function look(id: string, deps: GovernorDeps): Promise<Look> {
  const governed = await readGoverned(id, deps);
  const due = dueTellings(id, governed).map(({ scope, about, after }) => ({ scope, about, after }));
  return { report: governed.report, due, againMs: againInMs(governed, deps.lookEveryMs) };
}

/** A moment apart, recorder and orchestrator load a new manifest: what one has and the other has not is asked for again. */
async function readGoverned(id: string, { recorder, manifests }: GovernorDeps): Promise<Governed> {
  const governed = await recorder.governed(id);
  const own = manifests.newest().runbooks.get(id)?.digest ?? null;
  if ((governed.report?.runbook.digest ?? null) !== own)
    throw new HoldpointError('STANDING_STALE', `governor: the recorder goes by another manifest for \`${id}\``);
  return governed;
}

/** Paged first, then recorded: a crash in between pages twice, under one key, rather than never. */
async function tell(id: string, { scope, about, after }: Telling, deps: GovernorDeps): Promise<boolean> {
  const due = dueTellings(id, await readGoverned(id, deps));
  const found = due.find((one) => one.scope === scope && one.about === about && one.after === after);
  if (found === undefined) return false;
  const { to, delivered, channels } = await deps.notifier.page(pageOf(id, found, deps));
  await deps.recorder.append({
    kind: 'page',
    workflowId: found.hold?.workflowId ?? governorId(id),
    runId: null,
    about,
    to,
    detail: found.detail,
    delivered,
    digest: found.hold?.digest ?? null,
    channels: [...channels],
    matter: { runbook: id, scope, after },
  });
  return true;
}

const pageOf = (id: string, { scope, about, after, detail, hold }: DueTelling, deps: GovernorDeps): Page => ({
  about,
  at: new Date(deps.clock()).toISOString(),
  workflowId: hold?.workflowId ?? null,
  runId: null,
  digest: hold?.digest ?? null,
  scope: hold === null ? scope : null,
  record: after,
  runbook: id,
  escalation: escalationOf(deps.manifests, id),
  severity: severityOf(about, null),
  detail,
  commands:
    hold === null ? [`holdpoint runbook status ${id}`] : [`holdpoint approve ${hold.workflowId} ${hold.digest}`],
});
