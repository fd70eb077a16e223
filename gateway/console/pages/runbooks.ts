import type { BreakerStatus, RunbookStatus } from '../../../contracts/runbook-status.ts';
import { timeLeft } from '../../shown/hold-words.ts';
import { gradesLine, missingLines, ringIs, tripLine, why } from '../../shown/ring-words.ts';
import { asked } from '../ask.ts';
import type { Html } from '../html.ts';
import { html, none } from '../html.ts';
import { outside } from '../outside.ts';
import type { Page } from '../page.ts';
import { away, facts, instant, scopeLine, short, stateWord } from '../page.ts';
import type { Asked, Reads } from '../reads.ts';
import type { ScopeView } from '../stops.ts';
import { readScope } from '../stops.ts';

type Runbook = { readonly status: RunbookStatus; readonly scope: ScopeView };
export type Runbooks = Asked<readonly Runbook[]>;

export async function loadRunbooks(reads: Reads): Promise<Runbooks> {
  const all = await asked(reads.record.statuses());
  if (all.kind === 'away') return all;
  const scopeOf = ({ runbook }: RunbookStatus) => readScope(reads, { kind: 'runbook', runbook });
  return {
    kind: 'here',
    value: await Promise.all(all.value.map(async (status) => ({ status, scope: await scopeOf(status) }))),
  };
}

/** A status says when it was asked for: that alone is no news. */
export const newsOf = (runbooks: Runbooks): unknown =>
  runbooks.kind === 'away'
    ? runbooks
    : runbooks.value.map(({ status: { at, seq, ...status }, scope }) => ({ status, scope }));

export function showRunbooks(runbooks: Runbooks, now: number): Page {
  const list =
    runbooks.kind === 'away'
      ? away('The recorder does not say where runbooks stand', runbooks.code)
      : html`<div class="runbooks">${runbooks.value.map((runbook) => article(runbook, now))}</div>`;
  const all = runbooks.kind === 'away' ? [] : runbooks.value;
  return {
    title: 'Runbooks',
    scopes: all.map(({ status }) => ({ scope: `runbook/${status.runbook}`, label: `Runbook ${status.runbook}` })),
    main: html`<h1>Runbooks</h1>
<p class="lead">Where each stands, by the recorder's signed word. A change is a statement that people sign: <code>npx holdpoint runbook status RUNBOOK</code> prints the line for each.</p>
${list}`,
  };
}

function article({ status, scope }: Runbook, now: number): Html {
  const { runbook, title, standing, dryRun, grades, attestation, breakers, ungraded } = status;
  const ring =
    standing.ring === 0 ? stateWord('rehearsed', 'REHEARSED') : stateWord('working', `RING ${standing.ring}`);
  return html`<article class="card" aria-labelledby="rb-${runbook}"><h2 id="rb-${runbook}">${ring} ${outside(title, 120)}</h2>
<p><code>${runbook}</code> ${short(status.digest)}</p>
${scopeLine(scope)}
${facts([
  ['Stands in', html`${ringIs(standing.ring)}`],
  [
    'Because',
    html`${outside(why(standing), 200)}${standing.until === null ? none : html`, until ${instant(standing.until)} (${timeLeft(standing.until, now)})`}`,
  ],
  ['Dry run', dryRunOf(dryRun)],
  ['Accuracy', html`${gradesLine(grades)}`],
  ['To grade', html`${ungraded.total}`],
  ['Attestation', attestationOf(attestation)],
  ['Breaker', breaker(breakers.runbook)],
  ['Breaker over all', breaker(breakers.all)],
  ['Grants', grantsOf(standing.grants)],
  ['Missing for more', list(missingLines(status))],
])}</article>`;
}

const list = (lines: readonly string[]): Html =>
  lines.length === 0
    ? html`nothing`
    : html`<ul class="plain">${lines.map((line) => html`<li>${outside(line)}</li>`)}</ul>`;

const dryRunOf = ({ since, days, daysMin }: RunbookStatus['dryRun']): Html =>
  since === null
    ? html`not begun, of ${daysMin} days`
    : html`day ${days} of ${daysMin} <progress max="${daysMin}" value="${Math.min(days, daysMin)}" aria-label="dry run"></progress> since ${instant(since)}`;

function attestationOf(attestation: RunbookStatus['attestation']): Html {
  if (attestation === null) return html`none known for this text`;
  const { fault, notAfter, waived, hash } = attestation;
  return html`${fault === null ? html`until ${instant(notAfter)}` : html`${stateWord('bad', 'NOT VALID')} ${outside(fault)}`}${waived.length === 0 ? '' : `, waived: ${waived.join(', ')}`} ${short(hash)}`;
}

function breaker({ destructive, consecutive, errorBudget, trip }: BreakerStatus): Html {
  const counts = html`${destructive.count} of ${destructive.max} destructive, ${consecutive.count} of ${consecutive.max} in a row without a good end, ${errorBudget.unexpected} of ${errorBudget.allowed} unexpected in ${errorBudget.events} ends`;
  return trip === null
    ? html`${stateWord('open', 'closed')} ${counts}`
    : html`${stateWord('stopped', 'OPEN: NOTHING IS RELEASED')} ${outside(tripLine(trip))}; ${counts}`;
}

const grantsOf = (grants: RunbookStatus['standing']['grants']): Html =>
  grants.length === 0
    ? html`none`
    : html`<ul class="plain">${grants.map(({ tool, used, count, until }) => html`<li>${outside(tool, 64)}: ${used} of ${count} used, until ${instant(until)}</li>`)}</ul>`;
