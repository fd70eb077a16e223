import { jcs } from '../../policies/digest.ts';
import { visible } from '../../policies/visible.ts';
import type { Paint } from '../shell/io.ts';
import { renderCard } from '../statements/render-card.ts';
import type { DemoEvent } from './events.ts';

const shown = (text: string): string => visible(text, 160);
const labelWidth = 10;
const columns = (paint: Paint) => ({
  line: (label: string, text: string): string => `${paint.bold(label.padEnd(labelWidth))} ${text}`,
  more: (text: string): string => `${' '.repeat(labelWidth)} ${text}`,
  sign: (ok: boolean): string => (ok ? paint.green('yes') : paint.red('no')),
});

/** One event as the lines that a person sees. Pure: `now` is in milliseconds and decides only the time left on a card. */
export function render(event: DemoEvent, now: number, paint: Paint): string[] {
  const { line, more } = columns(paint);
  switch (event.event) {
    case 'preparing':
      return [paint.dim(`… ${shown(event.what)}`)];
    case 'ready':
      return [
        line('running', `Temporal, Postgres and six processes, in ${event.home}`),
        more(`console ${event.console} (once)`),
        ...(event.temporalUi === null ? [] : [more(`Temporal UI ${event.temporalUi}`)]),
      ];
    case 'resumed':
      return [
        line(
          'resumed',
          `${event.scope}, signed by ${event.person}, ${paint.dim('a key made for this demo')} (record ${event.record})`,
        ),
      ];
    case 'waived':
      return [
        line('waived', `the dry run of ${event.runbook}: ring ${event.ring} until ${event.until}`),
        more(`signed by ${event.person}, ${paint.dim('a key made for this demo')} (record ${event.record})`),
      ];
    case 'trouble':
      return [
        line('trouble', `session ${event.holderPid} is idle in a transaction and holds a lock on payments`),
        more(`${event.waiting} client sessions wait for it, ${event.timedOut} statements have timed out`),
      ];
    case 'planted':
      return [
        line('planted', 'one client session carries an attack in its name and in its statement:'),
        more(paint.magenta(shown(event.application))),
        more(paint.magenta(shown(event.comment))),
      ];
    default:
      return renderIncident(event, now, paint);
  }
}

type IncidentEvent = Exclude<
  DemoEvent,
  { readonly event: 'preparing' | 'ready' | 'resumed' | 'waived' | 'trouble' | 'planted' }
>;

function renderIncident(event: IncidentEvent, now: number, paint: Paint): string[] {
  const { line, more } = columns(paint);
  switch (event.event) {
    case 'alert':
      return [
        line('alert', shown(jcs(event.labels))),
        more(event.workflowId),
        ...(event.page === null ? [] : [more(`watch it at ${event.page}`)]),
      ];
    case 'matched':
      return [line('matched', event.runbook === null ? paint.red('no runbook') : `runbook ${event.runbook}`)];
    case 'proposed':
      return [
        line(
          'turn',
          `${shown(event.model)} proposes ${event.calls.length === 0 ? 'nothing more' : event.calls.map(shown).join(', ')}`,
        ),
        ...(event.label === null ? [] : [more(paint.magenta(shown(event.label)))]),
      ];
    case 'read':
      return [
        line('read', `${event.tool}: ${event.entities} entities (signed result ${event.resultHash.slice(0, 12)}…)`),
      ];
    case 'denied':
      return [
        line(event.kind === 'deny' ? 'denied' : 'rehearsed', `${paint.red(shown(event.tool))} ${shown(event.args)}`),
        more(`by rule ${paint.red(event.rule)}: ${shown(event.reason)}`),
        ...(event.label === null ? [] : [more(paint.magenta(`${shown(event.label)}: it changed nothing`))]),
      ];
    case 'held':
      return [
        '',
        ...renderCard(event.card, now, paint),
        '',
        `Release it by one of these, from another terminal in this folder (they sign with ${event.key}):`,
        ...event.commands.map((command) => `  $ ${command}`),
        '',
      ];
    default:
      return renderEnd(event, paint);
  }
}

type EndEvent = Exclude<
  IncidentEvent,
  { readonly event: 'alert' | 'matched' | 'proposed' | 'read' | 'denied' | 'held' }
>;

function renderEnd(event: EndEvent, paint: Paint): string[] {
  const { line, more, sign } = columns(paint);
  switch (event.event) {
    case 'refused':
      return [line('refused', `${shown(event.what)}: ${paint.yellow(event.code)} ${shown(event.reason)}`)];
    case 'released':
      return [
        event.verdict === 'reject'
          ? line('rejected', `by ${event.person}, signature verified by the recorder`)
          : line('released', `by ${event.person}, signature verified by the executor and the recorder, each by itself`),
      ];
    case 'intent':
      return [
        line('intent', `attempt ${event.attempt} is in the log before anything happens (record ${event.record})`),
      ];
    case 'done':
      return [
        line(event.status === 'done' ? 'done' : shown(event.status), shown(event.detail)),
        ...(event.postcondition === null ? [] : [more(`read again: ${shown(event.postcondition)}`)]),
      ];
    case 'closed':
      return [line('closed', shown(event.outcome))];
    case 'payments':
      return [
        line(
          'payments',
          `flowing: ${sign(event.flowing)}, ${event.committed} payments by ${event.clients} sessions since the release`,
        ),
        more(`table payments still whole: ${sign(event.tableWhole)}`),
      ];
    case 'sealed':
      return [
        line('sealed', `${event.status}, ${event.records} records, ${event.historyEvents} history events archived`),
      ];
    case 'verified':
      return [
        line(
          'verified',
          event.ok ? `${event.records} records, ${paint.green('no fault')}` : paint.red('the record has faults'),
        ),
        ...event.faults.map((fault) => more(paint.red(shown(fault)))),
        ...event.anchors.map((anchor) => more(paint.dim(`trusting ${shown(anchor)}`))),
      ];
    case 'failed':
      return renderFailure(event, paint);
    case 'result':
      return renderResult(event, paint);
  }
}

function renderFailure(event: Extract<DemoEvent, { readonly event: 'failed' }>, paint: Paint): string[] {
  const { line, more } = columns(paint);
  return [
    line(paint.red('failed'), shown(event.what)),
    ...(event.process === null ? [] : [more(`last lines of ${event.process}:`)]),
    ...event.lastLines.map((log) => more(paint.dim(visible(log, 400)))),
    more(`logs are in ${event.logs}`),
  ];
}

function renderResult(event: Extract<DemoEvent, { readonly event: 'result' }>, paint: Paint): string[] {
  const { sign } = columns(paint);
  const head = event.ok ? paint.green('RESOLVED') : paint.red('NOT RESOLVED');
  return [
    '',
    `${head} in ${event.seconds} s: incident ${sign(event.resolved)}, record ${sign(event.verified)}, payments table ${sign(event.tableWhole)}`,
    event.archive === null
      ? 'the log is gone with the temporary folder: keep it with --archive DIR'
      : `log in ${event.archive}`,
  ];
}
