import type { ChannelResult, PageAbout, Severity } from '../../contracts/page.ts';
import { digestOf } from '../../policies/digest.ts';

/** What a person is told. `detail` may hold outside text: every channel shows it as data. */
export type Page = {
  readonly about: PageAbout;
  /** RFC 3339, UTC. */
  readonly at: string;
  readonly workflowId: string | null;
  readonly runId: string | null;
  /** The action that it is about. */
  readonly digest: string | null;
  /** The fence that was stopped or resumed, or the breaker that opened or was closed. */
  readonly scope: string | null;
  /** The record that it tells of, or the one that told of the same matter before; null where a workflow tells of itself. */
  readonly record: number | null;
  readonly runbook: string | null;
  /** What the runbook says under `escalation.page`: the name of a channel, or words for a person. */
  readonly escalation: string | null;
  readonly severity: Severity;
  readonly detail: string;
  /** Exact command lines that help. */
  readonly commands: readonly string[];
};

/** To whom a page went, and how each channel answered. */
export type Paged = {
  readonly to: string;
  /** True when at least one channel took it. */
  readonly delivered: boolean;
  readonly channels: readonly ChannelResult[];
};
export type Notifier = {
  /** Tells people, in bounded time. Never throws: paging may fail, and what it is about goes on. */
  page(page: Page): Promise<Paged>;
  /** False when no channel is configured at all. */
  readonly configured: boolean;
};

type AlertKind = 'hold' | 'outcome' | 'incident' | 'scope';
/** What a page does to the alert that it belongs to: one alert is open from the page that asks for a person to the one that ends it. */
type Effect = { readonly action: 'trigger' | 'acknowledge' | 'resolve'; readonly alert: AlertKind };

const effects: Readonly<Record<PageAbout, Effect & { readonly title: string; readonly severity: Severity | null }>> = {
  'hold-waits': { action: 'trigger', alert: 'hold', severity: null, title: 'a write waits for your release' },
  'hold-released': { action: 'acknowledge', alert: 'hold', severity: 'info', title: 'the write was released' },
  'hold-ended': { action: 'resolve', alert: 'hold', severity: 'info', title: 'the hold is over' },
  'auto-released': {
    action: 'trigger',
    alert: 'hold',
    severity: 'info',
    title: 'a grant released a write, and nobody was asked',
  },
  'hold-expired': { action: 'resolve', alert: 'hold', severity: 'info', title: 'the hold expired' },
  'outcome-unknown': {
    action: 'trigger',
    alert: 'outcome',
    severity: 'critical',
    title: 'nobody knows what came of a write',
  },
  unmatched: { action: 'trigger', alert: 'incident', severity: null, title: 'no one runbook matches an alert' },
  'gave-up': { action: 'trigger', alert: 'incident', severity: null, title: 'the incident was given up' },
  'not-recovered': { action: 'trigger', alert: 'incident', severity: null, title: 'the service has not recovered' },
  stopped: { action: 'trigger', alert: 'incident', severity: 'error', title: 'stopped' },
  resumed: { action: 'resolve', alert: 'scope', severity: 'info', title: 'resumed' },
  'breaker-open': { action: 'trigger', alert: 'scope', severity: 'error', title: 'a circuit breaker is open' },
  'breaker-closed': { action: 'resolve', alert: 'scope', severity: 'info', title: 'a circuit breaker is closed again' },
  closed: { action: 'resolve', alert: 'incident', severity: 'info', title: 'the incident is closed' },
  'dry-run-over': { action: 'trigger', alert: 'scope', severity: 'warning', title: 'a dry run has lasted long enough' },
  'promotion-ready': { action: 'trigger', alert: 'scope', severity: 'warning', title: 'a runbook can be promoted' },
  'grades-wait': { action: 'trigger', alert: 'scope', severity: 'warning', title: 'proposals wait to be graded' },
  'breaker-stays-open': {
    action: 'trigger',
    alert: 'scope',
    severity: 'error',
    title: 'a circuit breaker is still open',
  },
  'standing-ends': { action: 'trigger', alert: 'scope', severity: 'warning', title: 'a waiver or grant ends soon' },
  'hold-still-waits': {
    action: 'trigger',
    alert: 'hold',
    severity: 'warning',
    title: 'a write still waits for your release',
  },
  'matter-over': { action: 'resolve', alert: 'scope', severity: 'info', title: 'nothing is to be done there any more' },
};

export const titleOf = ({ about }: Pick<Page, 'about'>): string => effects[about].title;
export const actionOf = ({ about }: Pick<Page, 'about'>): Effect['action'] => effects[about].action;

/**
 * The alert that a page opens, acknowledges or resolves. Retries and processes derive the same key from the same facts, so
 * that nobody is paged twice for one thing, and whoever ends it ends what another opened.
 */
export function alertKeyOf(namespace: string, { about, workflowId, digest, scope }: Page): string {
  const alert = scope === null ? effects[about].alert : 'scope';
  return `holdpoint-${digestOf({ namespace, alert, workflowId, digest: alert === 'incident' ? null : digest, scope })}`;
}

/** This very page: the same when an activity runs again, another for another run or record. */
export const pageIdOf = (namespace: string, { about, workflowId, runId, digest, scope, record }: Page): string =>
  digestOf({ namespace, about, workflowId, runId, digest, scope, record });

/** How alert rules spell severities; what is not among them is taken for an error. */
const spellings: readonly (readonly [Severity, RegExp])[] = [
  ['critical', /^(critical|crit|fatal|emergency|page|p1|sev-?1)$/i],
  ['error', /^(error|err|major|high|p2|sev-?2)$/i],
  // INVARIANT: a label may not make a page that asks for a person less than a warning.
  ['warning', /^(warning|warn|minor|medium|low|info|informational|none|p[345]|sev-?[345])$/i],
];

/** How urgent a page is: by what it is about, else by the alert's own word. */
export const severityOf = (about: PageAbout, alertSeverity: string | null): Severity =>
  effects[about].severity ?? spellings.find(([, spelling]) => spelling.test(alertSeverity ?? ''))?.[0] ?? 'error';

/** The beginning of a text, without half a character at its end: canonical JSON refuses one. */
export const cut = (text: string, charsMax: number): string =>
  Buffer.from(text.slice(0, charsMax), 'utf8').toString('utf8');
