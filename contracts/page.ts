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
const recordAbouts = ['hold-released', 'hold-ended', 'resumed', 'breaker-open', 'breaker-closed'] as const;

export const IncidentAbout = z.enum(incidentAbouts);
export type IncidentAbout = z.infer<typeof IncidentAbout>;
export const PageAbout = z.enum([...incidentAbouts, ...recordAbouts]);
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
