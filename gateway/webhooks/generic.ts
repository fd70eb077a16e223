import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import type { Alert } from '../../contracts/alert.ts';
import { HoldpointError } from '../../contracts/errors.ts';
import { Name } from '../../contracts/values.ts';
import type { Delivery } from './delivery.ts';
import { issueOf, parseEnvelope, readEach } from './delivery.ts';
import { parseGoTime } from './go-time.ts';
import { boundFingerprint, boundLabels } from './labels.ts';

export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;
/** How far a delivery's timestamp may be from our clock, either way: the replay window. */
export const toleranceMs = 300_000;

const one = (headers: Headers, name: string, shape: RegExp): string => {
  const value = headers[name];
  if (typeof value !== 'string' || !shape.test(value))
    throw new HoldpointError('UNAUTHENTICATED', `\`${name}\`: expected the header of a Standard Webhooks signature`);
  return value;
};

/**
 * Verifies a Standard Webhooks signature over the exact body and its age against our clock, and returns the message id.
 * Throws `UNAUTHENTICATED`, `STALE_REQUEST` or `BAD_SIGNATURE`; nothing of the body is parsed here.
 */
export function verifyGeneric(headers: Headers, body: Buffer, secret: string, now: number): { readonly id: string } {
  const id = one(headers, 'webhook-id', /^[\x21-\x7e]{1,256}$/);
  const timestamp = one(headers, 'webhook-timestamp', /^\d{1,12}$/);
  const signature = one(headers, 'webhook-signature', /^[\x20-\x7e]{1,4096}$/);
  if (Math.abs(now - Number(timestamp) * 1_000) > toleranceMs)
    throw new HoldpointError('STALE_REQUEST', '`webhook-timestamp`: expected a time within 5 minutes of now');
  try {
    const signed = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature };
    new Webhook(secret).verify(body, signed, { jsonParse: false });
  } catch {
    throw new HoldpointError('BAD_SIGNATURE', '`webhook-signature`: expected a signature made with our secret');
  }
  return { id };
}

const Body = z.strictObject({ source: Name.default('generic'), alerts: z.array(z.unknown()) });
const Item = z.strictObject({
  fingerprint: z.string().min(1).max(512),
  status: z.enum(['firing', 'resolved']),
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()).default({}),
  startsAt: z.string().max(64),
});

function readAlert(item: unknown, field: string, source: string): Alert {
  const parsed = Item.safeParse(item);
  if (!parsed.success) throw new HoldpointError('BAD_INPUT', issueOf(parsed.error, field));
  const { fingerprint, status, labels, annotations } = parsed.data;
  const startsAt = parseGoTime(parsed.data.startsAt);
  if (startsAt === null) throw new HoldpointError('BAD_INPUT', `\`${field}.startsAt\`: expected a time in RFC 3339`);
  return {
    source,
    fingerprint: boundFingerprint(fingerprint),
    status,
    labels: boundLabels(`${field}.labels`, labels),
    annotations: boundLabels(`${field}.annotations`, annotations),
    startsAt,
  };
}

/**
 * Normalises a parsed generic body, `{source?, alerts: [{fingerprint, status, labels, annotations?, startsAt}]}`. It is our
 * own format, so a field that nobody knows is refused. Throws `BAD_INPUT` or `TOO_LARGE`.
 */
export function normalizeGeneric(raw: unknown): Delivery {
  const body = parseEnvelope(Body, raw);
  // One sender must not be able to join, resolve or fake the incidents of another kind of sender.
  if (body.source === 'alertmanager')
    throw new HoldpointError(
      'BAD_INPUT',
      '`source`: expected a name other than `alertmanager`, which has a webhook of its own',
    );
  return readEach(body.alerts, (item, field) => readAlert(item, field, body.source));
}
