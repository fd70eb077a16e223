import type { LogRecord, RecordBody, RecordKind } from '../../../contracts/record.ts';
import { jcs } from '../../../policies/digest.ts';
import type { Log } from '../ask.ts';
import { evidenceHref, holdHref, recordHref } from '../hrefs.ts';
import type { Html } from '../html.ts';
import { html, none } from '../html.ts';
import { outside } from '../outside.ts';
import type { StateKind } from '../page.ts';
import { short, stateWord, tableOf, timeCell } from '../page.ts';

type Body<K extends RecordKind> = Extract<RecordBody, { kind: K }>;
type Of<K extends RecordKind> = { readonly seq: number; readonly at: string; readonly body: Body<K> };

const pick = <K extends RecordKind>({ records }: Log, kind: K): Of<K>[] =>
  records.flatMap(({ seq, at, body }: LogRecord) => (body.kind === kind ? [{ seq, at, body: body as Body<K> }] : []));

const section = (id: string, title: string, body: Html): Html =>
  html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>${body}</section>`;
const record = (seq: number): Html => html`<a href="${recordHref(seq)}">#${seq}</a>`;

/** What the write-once log holds of an incident: each record under the recorder's signature. */
export const showLog = (workflowId: string, log: Log): Html => html`
${log.whole ? none : html`<p class="note">Only the first ${log.records.length} records are shown.</p>`}
${section('effects', 'Effects', effects(workflowId, log))}
${section('evidence', 'Evidence', evidence(workflowId, log))}
${section('proposals', 'Proposals', proposals(log))}
${section('verdicts', 'Verdicts', verdicts(workflowId, log))}
${section('statements', 'Statements of people', statements(log))}
${section('refusals', 'Refusals by machines', refusals(log))}
${section('pages', 'Who was paged', pages(log))}`;

const effectKinds: Readonly<Record<string, StateKind>> = { done: 'over', unknown: 'bad', failed: 'bad' };

function effects(workflowId: string, log: Log): Html {
  const outcomes = new Map(pick(log, 'outcome').map((one) => [`${one.body.digest} ${one.body.attempt}`, one]));
  return tableOf(
    'Effects: admitted by the log before they began',
    ['Record', 'Admitted', 'Tool', 'Attempt', 'Outcome', 'Detail', 'Read again'],
    pick(log, 'intent').map(({ seq, body }) => {
      const outcome = outcomes.get(`${body.digest} ${body.attempt}`)?.body;
      const said = outcome?.outcome?.payload;
      return [
        record(seq),
        timeCell(body.issuedAt),
        html`<a href="${holdHref(workflowId, body.digest)}">${outside(body.request.action.tool, 64)}</a>`,
        html`${body.attempt}`,
        outcome === undefined
          ? stateWord('working', 'IN FLIGHT')
          : stateWord(effectKinds[outcome.status] ?? 'stopped', outcome.status.toUpperCase()),
        outside(said?.detail ?? outcome?.why ?? ''),
        said?.postcondition
          ? html`${said.postcondition.held ? 'holds' : stateWord('bad', 'DOES NOT HOLD')}: ${outside(said.postcondition.detail)}`
          : html`-`,
      ];
    }),
  );
}

const evidence = (workflowId: string, log: Log): Html =>
  tableOf(
    'Evidence: read and signed by the executor',
    ['Record', 'Read at', 'Tool', 'Signed by', 'Entities', 'Result'],
    pick(log, 'result').map(({ seq, body }) => [
      record(seq),
      timeCell(body.evidence.at),
      outside(body.evidence.tool, 64),
      html`${body.signer}`,
      html`${body.evidence.entityCount}`,
      html`<a href="${evidenceHref(workflowId, body.evidence.resultHash)}">${short(body.evidence.resultHash)}</a> ${body.evidence.bytes} bytes`,
    ]),
  );

const proposals = (log: Log): Html =>
  tableOf(
    'Proposals: the words of a model, believed by nobody',
    ['Record', 'At', 'Turn', 'Model', 'Calls', 'Conclusion'],
    pick(log, 'proposal').map(({ seq, at, body }) => [
      record(seq),
      timeCell(at),
      html`${body.step}`,
      html`${outside(body.model, 64)}${body.label === null ? none : html` ${outside(body.label, 120)}`}`,
      html`<ul class="plain">${body.calls.map(
        ({ tool, args, why }) =>
          html`<li>${outside(tool, 64)} ${outside(jcs(args), 400)}<br><small>why: ${outside(why)}</small></li>`,
      )}</ul>`,
      outside(body.conclusion ?? '-'),
    ]),
  );

const verdictKinds: Readonly<Record<string, readonly [StateKind, string]>> = {
  deny: ['stopped', 'DENIED'],
  read: ['working', 'READ'],
  rehearse: ['rehearsed', 'REHEARSED'],
  hold: ['held', 'HELD'],
  auto: ['working', 'BY GRANT'],
};

const verdicts = (workflowId: string, log: Log): Html =>
  tableOf(
    'Verdicts, each by a rule',
    ['Record', 'At', 'Tool', 'Verdict', 'Rule', 'Reason', 'What would change it'],
    pick(log, 'verdict').map(({ seq, at, body }) => {
      const [kind, word] = verdictKinds[body.verdict.kind] ?? ['bad', 'NOT KNOWN'];
      const tool = outside(body.tool, 64);
      return [
        record(seq),
        timeCell(at),
        body.digest === null ? tool : html`<a href="${holdHref(workflowId, body.digest)}">${tool}</a>`,
        stateWord(kind, word),
        html`<code>${body.verdict.rule}</code>`,
        outside(body.verdict.reason),
        outside(body.verdict.change),
      ];
    }),
  );

const statements = (log: Log): Html =>
  tableOf(
    'Statements: signed by people',
    ['Record', 'Decided at', 'Person', 'Said', 'Reason', 'Proof'],
    pick(log, 'statement').map(({ seq, body: { statement, hash } }) => [
      record(seq),
      timeCell(statement.statement.decidedAt),
      html`${statement.statement.person}`,
      statement.statement.verdict === 'approve' ? html`approved` : stateWord('stopped', 'REJECTED'),
      outside(statement.statement.reason),
      html`${statement.proof.kind} ${short(hash)}`,
    ]),
  );

const refusals = (log: Log): Html =>
  tableOf(
    'Refusals',
    ['Record', 'At', 'What', 'Code', 'Reason', 'As it came'],
    pick(log, 'refusal').map(({ seq, at, body }) => [
      record(seq),
      timeCell(at),
      outside(body.what, 120),
      html`<code>${outside(body.code, 64)}</code>`,
      outside(body.reason),
      outside(body.raw ?? '-', 200),
    ]),
  );

const pages = (log: Log): Html =>
  tableOf(
    'Pages',
    ['Record', 'At', 'About', 'To', 'Detail', 'Taken'],
    pick(log, 'page').map(({ seq, at, body }) => [
      record(seq),
      timeCell(at),
      outside(body.about, 64),
      outside(body.to, 200),
      outside(body.detail),
      body.delivered ? html`yes` : stateWord('bad', 'NO'),
    ]),
  );
