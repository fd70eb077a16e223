import { z } from 'zod';
import type { Alert } from '../../contracts/alert.ts';
import type { SecretsOf } from '../../contracts/config.ts';
import { HoldpointError } from '../../contracts/errors.ts';
import type { Delivery } from './delivery.ts';
import { issueOf, parseEnvelope, readEach } from './delivery.ts';
import { goZeroTime, parseGoTime } from './go-time.ts';
import { boundFingerprint, boundLabels, labelFingerprint } from './labels.ts';
import { sameSecret } from './secrets.ts';

export type AlertmanagerSecret = SecretsOf<'gateway'>['alertmanager'];

/**
 * Verifies the `Authorization` header of a delivery: a bearer token or basic credentials, whichever is configured.
 * Throws `UNAUTHENTICATED`; the message says only what is expected.
 */
export function verifyAlertmanager(authorization: string | undefined, secret: AlertmanagerSecret): void {
  const [, scheme = '', value = ''] = /^([A-Za-z]{1,16}) +(\S{1,4096})$/.exec(authorization ?? '') ?? [];
  const got = secret.scheme === 'basic' ? Buffer.from(value, 'base64').toString('utf8') : value;
  const expected = secret.scheme === 'basic' ? `${secret.username}:${secret.password}` : secret.token;
  const same = sameSecret(got, expected);
  if (scheme.toLowerCase() !== secret.scheme || !same)
    throw new HoldpointError('UNAUTHENTICATED', `\`authorization\`: expected valid ${secret.scheme} credentials`);
}

const status = z.enum(['firing', 'resolved']);
/** Alertmanager's webhook body, version 4. Unknown fields are left out: it adds some between releases. */
const Body = z.object({
  version: z.literal('4').optional(),
  status: status.optional(),
  alerts: z.array(z.unknown()),
});
const Item = z.object({
  status: status.optional(),
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()).default({}),
  startsAt: z.string().max(64).optional(),
  fingerprint: z.string().max(512).optional(),
});

type Reading = { readonly groupStatus: Alert['status'] | undefined; readonly startRequired: boolean };

// Without its start an alert cannot be told from its own next firing, which would be answered as a duplicate and lost.
function readStart(text: string | undefined, field: string, { startRequired }: Reading): string {
  const at = text === undefined ? goZeroTime : parseGoTime(text);
  if (at === null || (startRequired && at === goZeroTime))
    throw new HoldpointError('BAD_INPUT', `\`${field}.startsAt\`: expected a time in RFC 3339`);
  return at;
}

function readAlert(item: unknown, field: string, reading: Reading): Alert {
  const parsed = Item.safeParse(item);
  if (!parsed.success) throw new HoldpointError('BAD_INPUT', issueOf(parsed.error, field));
  const { labels, annotations, fingerprint, startsAt } = parsed.data;
  const own = parsed.data.status ?? reading.groupStatus;
  if (own === undefined) throw new HoldpointError('BAD_INPUT', `\`${field}.status\`: expected firing or resolved`);
  return {
    source: 'alertmanager',
    fingerprint: fingerprint ? boundFingerprint(fingerprint) : labelFingerprint(labels),
    status: own,
    labels: boundLabels(`${field}.labels`, labels),
    annotations: boundLabels(`${field}.annotations`, annotations),
    startsAt: readStart(startsAt, field, reading),
  };
}

/**
 * Normalises a parsed Alertmanager body. What old or partial senders leave out is filled in as Alertmanager itself would
 * have it: the group's status, the fingerprint of the labels and, unless a start is required as at the door, Go's zero
 * time. Throws `BAD_INPUT` or `TOO_LARGE`.
 */
export function normalizeAlertmanager(raw: unknown, { startRequired = false } = {}): Delivery {
  const body = parseEnvelope(Body, raw);
  return readEach(body.alerts, (item, field) => readAlert(item, field, { groupStatus: body.status, startRequired }));
}
