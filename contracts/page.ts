import { z } from 'zod';
import { Name, text } from './values.ts';

/** What a workflow tells of itself. */
export const incidentAbouts = [
  'hold-waits',
  'hold-expired',
  'outcome-unknown',
  'unmatched',
  'gave-up',
  'not-recovered',
  'stopped',
  'closed',
] as const;
/** What only the recorder tells, from what its records say. */
const recordAbouts = [
  'hold-released',
  'hold-ended',
  'auto-released',
  'resumed',
  'breaker-open',
  'breaker-closed',
] as const;

/** What the governor of a runbook tells, once it is due by the log. */
export const governorAbouts = [
  'dry-run-over',
  'promotion-ready',
  'grades-wait',
  'breaker-stays-open',
  'standing-ends',
  'hold-still-waits',
  'matter-over',
] as const;

export const IncidentAbout = z.enum(incidentAbouts);
export type IncidentAbout = z.infer<typeof IncidentAbout>;
export const GovernorAbout = z.enum(governorAbouts);
export type GovernorAbout = z.infer<typeof GovernorAbout>;
export const PageAbout = z.enum([...incidentAbouts, ...recordAbouts, ...governorAbouts]);
export type PageAbout = z.infer<typeof PageAbout>;

/** Worst first. The words are PagerDuty's own. */
export const severities = ['critical', 'error', 'warning', 'info'] as const;
export const Severity = z.enum(severities);
export type Severity = z.infer<typeof Severity>;

export const channelKinds = ['pagerduty', 'slack', 'webhook'] as const;

/** How one channel answered. `fault` says why it did not take the page, in our words: never an address or a secret. */
export const ChannelResult = z.strictObject({
  channel: Name,
  kind: z.enum(channelKinds),
  delivered: z.boolean(),
  fault: text(120).nullable(),
});
export type ChannelResult = z.infer<typeof ChannelResult>;

export const channelsMax = 8;

/**
 * The matter that a governor told of. `after`: the record that told of the same matter last, null when none has. It makes
 * of every telling one of its own, and of the same telling, whoever repeats it, the same one.
 */
export const Matter = z.strictObject({
  runbook: Name,
  scope: text(200),
  after: z.number().int().min(0).nullable(),
});
export type Matter = z.infer<typeof Matter>;
