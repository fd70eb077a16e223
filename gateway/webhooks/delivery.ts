import type { z } from 'zod';
import { Alert } from '../../contracts/alert.ts';
import type { ErrorCode } from '../../contracts/errors.ts';
import { codeOf, HoldpointError } from '../../contracts/errors.ts';

export const alertsMax = 100;

/** One alert of a delivery that could not be read. Its neighbours are admitted all the same. */
export type RejectedAlert = { readonly index: number; readonly code: ErrorCode; readonly message: string };
export type Delivery = { readonly alerts: readonly Alert[]; readonly rejected: readonly RejectedAlert[] };

/** Names a field; a key that an outsider chose is not repeated. */
export function issueOf(error: z.ZodError, prefix: string): string {
  const issue = error.issues[0];
  const steps = (issue?.path ?? []).map((step) => {
    if (typeof step === 'number') return `[${step}]`;
    return /^[A-Za-z]{1,32}$/.test(String(step)) ? `.${String(step)}` : '.?';
  });
  const field = `${prefix}${steps.join('')}`.replace(/^\./, '');
  return `\`${field || 'body'}\`: ${issue?.message ?? 'expected another shape'}`;
}

/** Parses the envelope of a delivery. Throws `BAD_INPUT` naming the field, or `TOO_LARGE` for too many alerts. */
export function parseEnvelope<T extends z.ZodType<{ alerts: readonly unknown[] }>>(
  schema: T,
  raw: unknown,
): z.infer<T> {
  const parsed = schema.safeParse(raw);
  if (!parsed.success) throw new HoldpointError('BAD_INPUT', issueOf(parsed.error, ''));
  const count = parsed.data.alerts.length;
  if (count === 0) throw new HoldpointError('BAD_INPUT', '`alerts`: expected at least 1 alert, got 0');
  if (count > alertsMax)
    throw new HoldpointError(
      'TOO_LARGE',
      `\`alerts\`: expected at most ${alertsMax} alerts (\`max_alerts\`), got ${count}`,
    );
  return parsed.data;
}

/**
 * Normalises each alert by itself: what one of them holds, perhaps an attacker's text, cannot keep the others from being
 * seen. Throws the first refusal when not one could be read.
 */
export function readEach(raw: readonly unknown[], read: (item: unknown, field: string) => Alert): Delivery {
  const alerts: Alert[] = [];
  const rejected: RejectedAlert[] = [];
  raw.forEach((item, index) => {
    try {
      const parsed = Alert.safeParse(read(item, `alerts[${index}]`));
      if (!parsed.success) throw new HoldpointError('BAD_INPUT', issueOf(parsed.error, `alerts[${index}]`));
      alerts.push(parsed.data);
    } catch (error) {
      const message = error instanceof HoldpointError ? error.message : `\`alerts[${index}]\`: cannot be read`;
      rejected.push({ index, code: codeOf(error), message });
    }
  });
  const first = rejected[0];
  if (alerts.length === 0 && first !== undefined) throw new HoldpointError(first.code, first.message);
  return { alerts, rejected };
}
