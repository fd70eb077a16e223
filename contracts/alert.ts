import { z } from 'zod';
import { Findings } from './finding.ts';
import { signed } from './signed.ts';
import { Instant, Name, text, WorkflowId } from './values.ts';

export const Labels = z
  .record(z.string().min(1).max(256), text(4_096))
  .refine((labels) => Object.keys(labels).length <= 64, 'expected at most 64 entries');

/** One alert, normalised. Every text in it is outside text; only labels that alert rules set take part in matching. */
export const Alert = z.strictObject({
  source: Name,
  fingerprint: z.string().min(1).max(512),
  status: z.enum(['firing', 'resolved']),
  labels: Labels,
  annotations: Labels,
  startsAt: Instant,
});
export type Alert = z.infer<typeof Alert>;

/** What the gateway vouches for: this workflow id belongs to this alert, as it arrived behind a valid secret. */
export const AdmittedAlert = z.strictObject({
  v: z.literal(1),
  workflowId: WorkflowId,
  receivedAt: Instant,
  alert: Alert,
  /** What was taken out of it, or stands out in it; left out where there is nothing. */
  findings: Findings.optional(),
});
export type AdmittedAlert = z.infer<typeof AdmittedAlert>;
export const SignedAlert = signed(AdmittedAlert);
export type SignedAlert = z.infer<typeof SignedAlert>;
