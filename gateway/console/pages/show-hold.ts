import type { Card } from '../../../contracts/card.ts';
import type { ConsoleConfig } from '../../../contracts/config.ts';
import type { JsonValue } from '../../../contracts/values.ts';
import { findingLine } from '../../../policies/card-findings.ts';
import { digestOf, jcs } from '../../../policies/digest.ts';
import { whyLines } from '../../../policies/visible.ts';
import { commandsAt, rejectCommandAt } from '../../shown/command-lines.ts';
import { repeatOf, timeLeft } from '../../shown/hold-words.ts';
import { incidentHref } from '../hrefs.ts';
import type { Html } from '../html.ts';
import { html, none } from '../html.ts';
import { outside } from '../outside.ts';
import type { Page, StateKind } from '../page.ts';
import { away, facts, instant, placeOf, short, stateWord, timeCell } from '../page.ts';
import type { Hold } from './hold.ts';
import { decidable } from './hold.ts';

/** One hold, in the order in which an approver needs it: what, to what, why, how far, how to undo it, who, how long. */
export function showHold(hold: Hold, now: number, config: ConsoleConfig): Page {
  const { workflowId, digest, card: found } = hold;
  const may = decidable(hold, now);
  if (found === null) return { title: 'Hold', main: away('No card is recorded', 'NOT_FOUND') };
  const { card } = found;
  const { runbook } = card.action;
  return {
    title: `Hold: ${card.action.tool}`,
    guard: digestOf([found.cardDigest, may.kind === 'yes' ? 'waits' : may.why]),
    scopes: [
      { scope: workflowId, label: 'This incident' },
      { scope: `runbook/${runbook.id}`, label: `Runbook ${runbook.id}` },
    ],
    main: html`<p class="up"><a href="${incidentHref(workflowId)}">Incident</a></p>
<h1>${holdState(hold, may.kind === 'yes')} ${outside(card.prediction.payload.does)}</h1>
${facts(whatAndWhere(card, now, may.kind === 'yes'))}
<section aria-labelledby="difference"><h2 id="difference">What changes</h2>
<p class="note">${card.prediction.payload.dryRun ? 'A dry run of the target itself' : 'Derived from reads'}, signed by ${card.prediction.signer}.</p>
<ul class="difference">${card.prediction.payload.changes.map((line) => html`<li>${outside(line)}</li>`)}</ul></section>
<section aria-labelledby="decide"><h2 id="decide">Decide</h2>${decide(hold, card, now, config)}</section>
<section aria-labelledby="who"><h2 id="who">Who decided</h2>${whoDecided(hold, card)}</section>
<section aria-labelledby="call"><h2 id="call">The exact call</h2>${facts(exactCall(card))}
<p class="note">Digest <code>${digest}</code>, card <code>${found.cardDigest}</code>, record #${found.seq}.</p></section>`,
  };
}

function holdState({ rehearsed, ends }: Hold, waits: boolean): Html {
  if (rehearsed) return stateWord('rehearsed', 'REHEARSED');
  const end = ends.at(-1);
  const kind: StateKind = end?.status === 'done' ? 'over' : 'bad';
  if (end !== undefined) return stateWord(kind, end.status.toUpperCase());
  return waits ? stateWord('held', 'HELD') : stateWord('stopped', 'NOT WAITING');
}

const json = (value: JsonValue): Html => outside(typeof value === 'string' ? value : jcs(value));
const pairs = (values: { readonly [name: string]: JsonValue }): Html => {
  const rows = Object.entries(values);
  return rows.length === 0
    ? html`none`
    : html`<ul class="plain">${rows.map(([name, value]) => html`<li><b>${outside(name, 120)}</b> = ${json(value)}</li>`)}</ul>`;
};

function whatAndWhere(card: Card, now: number, waits: boolean): (readonly [string, Html])[] {
  const { prediction, inverse, action } = card;
  return [
    [
      'Tool',
      html`<code>${action.tool}</code> ${stateWord(card.risk === 'high' ? 'bad' : 'working', `${card.risk} risk`)}`,
    ],
    ['To', outside(prediction.payload.target)],
    [
      'Why',
      html`<ul class="plain">${whyLines(card.why).map((line) => html`<li>${outside(line, 400)}</li>`)}</ul> <small>(the model's own words, not checked)</small>`,
    ],
    [
      'Noticed',
      (card.findings ?? []).length === 0
        ? none
        : html`<ul class="plain">${(card.findings ?? []).map((one) => html`<li>${outside(findingLine(one), 400)}</li>`)}</ul>`,
    ],
    [
      'Reaches',
      html`<ul class="plain">${prediction.payload.blastRadius.map((line) => html`<li>${outside(line)}</li>`)}</ul>`,
    ],
    ['Undo', html`${inverse.tool === null ? none : html`<code>${inverse.tool}</code>: `}${outside(inverse.note)}`],
    ['Repeat', html`${repeatOf(card.effect)}`],
    [
      'Time left',
      waits
        ? html`<b><time datetime="${card.expiresAt}" data-until>${timeLeft(card.expiresAt, now)}</time></b>, until ${instant(card.expiresAt)}`
        : html`none; it would have been until ${instant(card.expiresAt)}`,
    ],
  ];
}

function exactCall({ action, provenance, runbookTitle }: Card): (readonly [string, Html])[] {
  const { entity, ref, tool, readAt } = provenance;
  return [
    ['Arguments', pairs(action.args)],
    ['Only if', pairs(action.preconditions)],
    [
      'Seen as',
      html`${outside(entity.kind, 64)} ${outside(entity.id)}, by ${outside(tool, 64)} at ${timeCell(readAt)}, signed result ${short(ref.resultHash)}${pairs(entity.attributes)}`,
    ],
    [
      'Runbook',
      html`${outside(runbookTitle, 120)} (<code>${action.runbook.id}</code>, ${short(action.runbook.digest)})`,
    ],
    ['Run', html`<code>${action.runId}</code> in <code>${action.namespace}</code>`],
  ];
}

function decide(hold: Hold, card: Card, now: number, config: ConsoleConfig): Html {
  const may = decidable(hold, now);
  if (may.kind === 'no') return html`<p class="away" role="status">No command is shown: ${may.why}.</p>`;
  const place = placeOf(config);
  const lines = [
    ...commandsAt(place, hold.workflowId, hold.digest),
    rejectCommandAt(place, hold.workflowId, hold.digest),
  ];
  const labels = ['Approve', 'Approve with the Temporal CLI', 'Reject'];
  return html`<p class="note">A release is a statement that you sign: by one of these lines, which show you the whole call again before they sign. It needs ${card.quorum} of ${outside(card.groups.join(', '))}.</p>
<dl class="commands">${lines.map((line, at) => html`<div><dt id="line-${at}">${labels[at] ?? ''}</dt><dd><code class="command" data-copy="line-${at}">${line}</code></dd></div>`)}</dl>`;
}

function whoDecided({ pending, statements, refusals, ends }: Hold, card: Card): Html {
  const waiting = pending.kind === 'here' ? pending.value : null;
  const said = statements.map(
    ({ seq, statement: { statement, proof } }) =>
      html`<li>${timeCell(statement.decidedAt)} <b>${statement.person}</b> ${statement.verdict === 'approve' ? 'approved' : stateWord('stopped', 'REJECTED')}: ${outside(statement.reason)} (${proof.kind}, record #${seq})</li>`,
  );
  const counted =
    waiting === null
      ? none
      : html`<p>${waiting.approvedBy.length} of ${card.quorum} so far${waiting.approvedBy.length === 0 ? '' : ': '}${outside(waiting.approvedBy.join(', '))} <small>(as the workflow counts; executor and recorder count for themselves)</small></p>`;
  const refused = refusals.map(
    ({ seq, code, reason }) => html`<li><code>${outside(code, 64)}</code> ${outside(reason)} (record #${seq})</li>`,
  );
  return html`${counted}
${said.length === 0 ? html`<p class="empty">nobody yet, on the record</p>` : html`<ul class="plain">${said}</ul>`}
${refused.length === 0 ? none : html`<h3>Refused</h3><ul class="plain">${refused}</ul>`}
${ends.length === 0 ? none : html`<h3>What came of it</h3><ul class="plain">${ends.map(({ seq, at, status, detail }) => html`<li>${timeCell(at)} <b>${outside(status, 16)}</b> ${outside(detail)} (record #${seq})</li>`)}</ul>`}`;
}
