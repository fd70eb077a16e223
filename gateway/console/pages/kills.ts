import { asked } from '../ask.ts';
import { incidentHref, killHref } from '../hrefs.ts';
import type { Html } from '../html.ts';
import { html, none } from '../html.ts';
import type { KillReceipt, Kills, KillView } from '../kills.ts';
import { outside } from '../outside.ts';
import type { Page, StateKind } from '../page.ts';
import { away, facts, instant, stateWord, tableOf } from '../page.ts';
import type { Asked } from '../reads.ts';
import type { Effect, Receipt } from '../receipt.ts';

export type Stop = { readonly view: KillView; readonly receipt: Asked<KillReceipt | null> };

/** Throws `NOT_FOUND`. */
export async function loadKill(kills: Kills, id: string): Promise<Stop> {
  const view = kills.of(id);
  return { view, receipt: await asked(kills.receipt(id)) };
}

const words: Readonly<Record<KillView['state'], readonly [StateKind, string]>> = {
  asked: ['working', 'STOPPING'],
  acknowledged: ['stopped', 'STOPPED'],
  complete: ['stopped', 'STOPPED'],
  incomplete: ['bad', 'STOPPED, NOT ALL CLOSED'],
  failed: ['bad', 'NOT STOPPED'],
};
const wordOf = ({ state }: KillView): Html => stateWord(...words[state]);

export function showKills(all: readonly KillView[]): Page {
  return {
    title: 'Stops',
    main: html`<h1>Stops</h1>
<p class="lead">Asked for in this console since the gateway's last start. Whoever stops elsewhere is in the record.</p>
${tableOf(
  'Stops, newest first',
  ['Scope', 'State', 'Asked', 'By', 'Why'],
  all.map((view) => [
    html`<a href="${killHref(view.id)}">${view.name}</a>`,
    wordOf(view),
    instant(view.askedAt),
    html`${view.by}`,
    outside(view.reason),
  ]),
)}`,
  };
}

/** One stop: what it closed, what was in flight, and the receipt. */
export function showKill({ view, receipt }: Stop): Page {
  const { name, askedAt, by, reason, state, acknowledgedAt, acknowledgedMs, failure } = view;
  return {
    title: `Stop of ${name}`,
    main: html`<h1>${wordOf(view)} Stop of ${name}</h1>
${state === 'failed' && html`<p class="alarm" role="alert">Temporal did not acknowledge the stop (<code>${failure ?? ''}</code>): the scope may still be open. Press again, or run <code>temporal workflow cancel -w fence/all</code>.</p>`}
${facts([
  ['Asked', html`${instant(askedAt)} by ${by}`],
  ['Why', outside(reason)],
  [
    'Acknowledged',
    acknowledgedAt === null
      ? html`not yet`
      : html`<b>${acknowledgedMs ?? ''} ms</b> after it was asked, at <code>${acknowledgedAt}</code>. From here no new effect begins in this scope.`,
  ],
])}
<section aria-labelledby="closed"><h2 id="closed">Incidents</h2>${incidentsOf(view)}</section>
${receiptPart(receipt)}`,
  };
}

function incidentsOf({ state, report }: KillView): Html {
  if (report === null)
    return html`<p role="status">${state === 'failed' ? 'none was closed' : 'cancelling what runs …'}</p>`;
  const terminated = new Set(report.terminated.map(({ runId }) => runId));
  const rows = [
    ...report.cancelled.map(({ workflowId, runId }) => ({
      workflowId,
      how: terminated.has(runId) ? 'terminated' : 'cancelled',
    })),
    ...report.undecided.map(({ workflowId }) => ({
      workflowId,
      how: 'still in triage: the fence stops what it may become',
    })),
  ];
  return html`<p>${report.cancelled.length} closed in ${report.elapsedMs} ms.${report.wasOpen ? '' : ' It was stopped before.'}</p>
${tableOf(
  'Incidents of the scope',
  ['Incident', 'How'],
  rows.map(({ workflowId, how }) => [
    html`<a href="${incidentHref(workflowId)}">${outside(workflowId, 80)}</a>`,
    html`${how}`,
  ]),
)}
${!report.complete && html`<p class="alarm">Not every incident was seen to close. The scope itself stays stopped; press again to go on.</p>`}`;
}

function receiptPart(receipt: Stop['receipt']): Html {
  if (receipt.kind === 'away')
    return away('The recorder does not answer, so there is no receipt. The stop holds all the same', receipt.code);
  if (receipt.value === null) return none;
  const { whole, receipt: told } = receipt.value;
  return html`<section aria-labelledby="flight"><h2 id="flight">In flight when it was asked</h2>${effectsTable('Effects in flight', told.inFlight)}</section>
<section class="receipt" aria-labelledby="receipt"><h2 id="receipt">Receipt</h2>${facts(receiptRows(told))}
${told.begunAfter.length > 0 && effectsTable('Effects begun after the acknowledgement', told.begunAfter)}
<p class="note">By the record: an effect's beginning is what its executor signed, by its own clock.${whole ? '' : ' The log is long, and only its newest part was read.'}</p></section>`;
}

function receiptRows({ lastBegunBefore, begunAfter, open, unknown, recorded }: Receipt): (readonly [string, Html])[] {
  const final = open === 0;
  return [
    [
      'Last effect begun before',
      lastBegunBefore === null
        ? html`none in this scope`
        : html`${outside(lastBegunBefore.tool, 64)} at <code>${lastBegunBefore.begunAt ?? ''}</code>`,
    ],
    ['Effects begun after', begunAfter.length === 0 ? html`<b>0</b>` : stateWord('bad', `${begunAfter.length}`)],
    ['Outcomes not known yet', html`${open}${final ? '' : ': the receipt is not final'}`],
    ['Outcomes that nobody can say', unknown === 0 ? html`0` : stateWord('bad', `${unknown}`)],
    [
      'In the record',
      recorded === null
        ? html`the recorder has not noted this stop`
        : html`#${recorded.seq} at <code>${recorded.at}</code>`,
    ],
  ];
}

const effectsTable = (caption: string, effects: readonly Effect[]): Html =>
  tableOf(
    caption,
    ['Tool', 'Incident', 'Admitted', 'Begun', 'Outcome', 'Detail'],
    effects.map(({ tool, workflowId, admittedAt, begunAt, status, detail }) => [
      outside(tool, 64),
      html`<a href="${incidentHref(workflowId)}">${outside(workflowId, 60)}</a>`,
      html`<code>${admittedAt}</code>`,
      begunAt === null ? html`-` : html`<code>${begunAt}</code>`,
      stateWord(status === 'in flight' ? 'working' : status === 'done' ? 'over' : 'bad', status.toUpperCase()),
      outside(detail),
    ]),
  );
