import { HoldpointError } from '../../../contracts/errors.ts';
import type { PendingHold, StateView, TimelineEntry } from '../../../contracts/incident.ts';
import { Name, WorkflowId } from '../../../contracts/values.ts';
import { call } from '../../incident-runs.ts';
import { askPending, askState, askTimeline } from '../../incidents/ask.ts';
import { isNotFound } from '../../temporal-errors.ts';
import { asked, incidentLog, type Log } from '../ask.ts';
import { holdHref } from '../hrefs.ts';
import type { Html } from '../html.ts';
import { html, none } from '../html.ts';
import { outside } from '../outside.ts';
import type { Page } from '../page.ts';
import { away, facts, instant, short, stateWord, timeCell } from '../page.ts';
import type { Asked, Reads } from '../reads.ts';
import { showLog } from './incident-log.ts';
import { incidentState } from './incidents.ts';

export type Incident = {
  readonly workflowId: string;
  readonly run: Asked<{ readonly status: string; readonly startedAt: string }>;
  readonly state: Asked<StateView>;
  readonly timeline: Asked<readonly TimelineEntry[]>;
  readonly pending: Asked<readonly PendingHold[]>;
  readonly log: Asked<Log>;
};

/** Throws `NOT_FOUND` for what neither Temporal nor the record knows. */
export async function loadIncident(reads: Reads, id: string): Promise<Incident> {
  const workflowId = mustBeIncident(id);
  const [run, state, timeline, pending, log] = await Promise.all([
    asked(runOf(reads, workflowId)),
    asked(askState(reads, workflowId)),
    asked(askTimeline(reads, workflowId)),
    asked(askPending(reads, workflowId)),
    asked(incidentLog(reads.record, workflowId)),
  ]);
  const unknown = run.kind === 'away' && run.code === 'NOT_FOUND';
  if (unknown && log.kind === 'here' && log.value.records.length === 0) throw noSuch();
  return { workflowId, run, state, timeline, pending, log };
}

const noSuch = (): HoldpointError =>
  new HoldpointError('NOT_FOUND', 'neither Temporal nor the record knows this incident');

export function mustBeIncident(id: string): string {
  if (!WorkflowId.safeParse(id).success || !id.startsWith('incident/')) throw noSuch();
  return id;
}

async function runOf(reads: Reads, workflowId: string): Promise<{ status: string; startedAt: string }> {
  try {
    const { status, startTime } = await call(reads, () => reads.client.workflow.getHandle(workflowId).describe());
    return { status: status.name, startedAt: startTime.toISOString() };
  } catch (error) {
    if (isNotFound(error) || (error as Error).name === 'WorkflowNotFoundError') throw noSuch();
    throw new HoldpointError('TEMPORAL_AWAY', 'temporal does not describe this incident');
  }
}

export function showIncident(incident: Incident): Page {
  const { workflowId, run, state, log } = incident;
  const view = state.kind === 'here' ? state.value : null;
  const status = run.kind === 'here' ? run.value.status : 'UNKNOWN';
  const runbook = view?.runbook ?? null;
  return {
    title: `Incident ${workflowId.slice(0, 60)}`,
    scopes: [
      { scope: workflowId, label: 'This incident' },
      ...(runbook === null || !Name.safeParse(runbook).success
        ? []
        : [{ scope: `runbook/${runbook}`, label: `Runbook ${runbook}` }]),
    ],
    main: html`<h1>Incident ${incidentState(status, view?.state ?? null)}</h1>
${facts([
  ['Incident', html`<code>${workflowId}</code>`],
  ['Runbook', outside(runbook ?? 'none', 80)],
  ['Severity', outside(view?.severity ?? '-', 40)],
  ['Outcome', outside(view?.outcome ?? '-', 40)],
  ['Began', run.kind === 'here' ? instant(run.value.startedAt) : html`not known`],
])}
<section aria-labelledby="waits"><h2 id="waits">What waits for a person</h2>${waits(incident)}</section>
<section aria-labelledby="timeline"><h2 id="timeline">Timeline</h2><p class="note">The workflow's own telling. It decides nothing.</p>${timelineOf(incident)}</section>
${log.kind === 'away' ? away('The recorder does not show its log', log.code) : showLog(workflowId, log.value)}`,
  };
}

function waits({ workflowId, pending }: Incident): Html {
  if (pending.kind === 'away') return away('The workflow does not say what waits', pending.code);
  if (pending.value.length === 0) return html`<p class="empty">nothing</p>`;
  return html`<ul class="cards">${pending.value.map((hold) => holdLine(workflowId, hold))}</ul>`;
}

const holdLine = (workflowId: string, hold: PendingHold): Html =>
  html`<li class="card held">${stateWord('held', 'HELD')} <a href="${holdHref(workflowId, hold.digest)}">${outside(hold.does)}</a>
<p>to ${outside(hold.target)}, ${hold.approvedBy.length} of ${hold.quorum} said yes, <time datetime="${hold.expiresAt}" data-until></time> ${timeCell(hold.expiresAt)} ${short(hold.digest)}</p></li>`;

function timelineOf({ timeline }: Incident): Html {
  if (timeline.kind === 'away') return away('The workflow does not tell its timeline', timeline.code);
  if (timeline.value.length === 0) return none;
  return html`<ol class="timeline">${timeline.value.map(
    ({ at, what, detail }) => html`<li>${timeCell(at)} <b>${outside(what, 80)}</b> ${outside(detail)}</li>`,
  )}</ol>`;
}
