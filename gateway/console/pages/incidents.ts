import type { IncidentRow } from '../../incidents/list.ts';
import { listIncidents } from '../../incidents/list.ts';
import { age } from '../../shown/hold-words.ts';
import { asked } from '../ask.ts';
import { incidentHref, root } from '../hrefs.ts';
import type { Html } from '../html.ts';
import { html } from '../html.ts';
import { outside } from '../outside.ts';
import type { Page, StateKind } from '../page.ts';
import { away, stateWord, tableOf } from '../page.ts';
import type { Asked, Reads } from '../reads.ts';

export type Incidents = { readonly all: boolean; readonly rows: Asked<readonly IncidentRow[]> };
const rowsMax = 200;

export const loadIncidents = async (reads: Reads, all: boolean): Promise<Incidents> => ({
  all,
  rows: await asked(listIncidents(reads, all, rowsMax)),
});

export function showIncidents({ all, rows }: Incidents, now: number): Page {
  const list =
    rows.kind === 'away' ? away('Temporal does not list its incidents', rows.code) : tableOfRows(rows.value, now);
  const waiting = rows.kind === 'away' ? 0 : rows.value.reduce((sum, { awaiting }) => sum + (awaiting ?? 0), 0);
  const switchTo = all
    ? html`<a href="${root}/incidents">only those that run</a>`
    : html`<a href="${root}/incidents?all=1">closed ones too</a>`;
  return {
    title: waiting === 0 ? 'Incidents' : `(${waiting}) Incidents`,
    main: html`<h1>Incidents</h1>
<p class="lead">${waiting === 0 ? 'Nothing waits for a person.' : html`${stateWord('held', 'HELD')} ${waiting} ${waiting === 1 ? 'call waits' : 'calls wait'} for a person.`} Newest first, ${switchTo}. At most ${rowsMax} are shown.</p>
${list}`,
  };
}

function tableOfRows(rows: readonly IncidentRow[], now: number): Html {
  const cells = rows.map((row) => [
    html`<a href="${incidentHref(row.workflowId)}">${outside(row.workflowId, 80)}</a>`,
    incidentState(row.status, row.state),
    outside(row.severity ?? '-', 40),
    outside(row.runbook ?? '-', 80),
    html`${row.awaiting ?? '-'}`,
    html`<time datetime="${row.startedAt}">${age(row.startedAt, now)}</time>`,
  ]);
  return tableOf('Incidents', ['Incident', 'State', 'Severity', 'Runbook', 'Waits', 'Age'], cells);
}

const kinds: Readonly<Record<string, StateKind>> = { held: 'held', closed: 'over' };
const stoppedStatuses = new Set(['CANCELLED', 'CANCELED', 'TERMINATED', 'TIMED_OUT', 'FAILED']);

/** How the run ended goes before what the workflow last said of itself. */
export function incidentState(status: string, state: string | null): Html {
  if (stoppedStatuses.has(status)) return stateWord('stopped', `STOPPED (${status.toLowerCase()})`);
  return stateWord(kinds[state ?? ''] ?? 'working', (state ?? status).toUpperCase());
}
