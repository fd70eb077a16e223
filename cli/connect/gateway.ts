import { z } from 'zod';
import type { ErrorCode } from '../../contracts/errors.ts';
import { errorCodes, HoldpointError } from '../../contracts/errors.ts';
import { Refusal } from '../shell/refusal.ts';

export type RaisedAlert = {
  readonly status: 'firing' | 'resolved';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
};
const Taken = z.object({
  accepted: z.array(z.object({ workflowId: z.string(), result: z.string() })),
  rejected: z.array(z.unknown()),
});
const Refused = z.object({ error: z.object({ code: z.string(), message: z.string().max(1_000) }) });
export type Taken = z.infer<typeof Taken>;

const waitMsMax = 15_000;

/**
 * Delivers one alert in Alertmanager's own form (webhook version 4) with its bearer secret. Throws `Refusal` when the
 * gateway is away, and with the gateway's code when it refuses.
 */
export async function postAlert(gatewayUrl: string, token: string, alert: RaisedAlert): Promise<Taken> {
  const body = JSON.stringify({
    version: '4',
    status: alert.status,
    receiver: 'holdpoint',
    groupKey: `{}:{alertname="${alert.labels.alertname ?? ''}"}`,
    groupLabels: {},
    commonLabels: alert.labels,
    commonAnnotations: alert.annotations,
    externalURL: '',
    truncatedAlerts: 0,
    alerts: [{ ...alert, endsAt: alert.status === 'resolved' ? new Date().toISOString() : '0001-01-01T00:00:00Z' }],
  });
  const { status, text } = await deliver(gatewayUrl, token, body);
  if (status >= 200 && status < 300) return Taken.parse(JSON.parse(text));
  throw refusalOf(status, text);
}

async function deliver(gatewayUrl: string, token: string, body: string): Promise<{ status: number; text: string }> {
  try {
    const reply = await fetch(new URL('/webhooks/alertmanager', gatewayUrl), {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(waitMsMax),
    });
    return { status: reply.status, text: await reply.text() };
  } catch {
    throw new Refusal(
      'TEMPORAL_AWAY',
      `no gateway answers at \`${gatewayUrl}\``,
      'start it, or name another with --url',
    );
  }
}

function refusalOf(status: number, text: string): HoldpointError {
  const error = Refused.safeParse(safeJson(text)).data?.error;
  const code = errorCodes.find((known) => known === error?.code) ?? ('INTERNAL' satisfies ErrorCode);
  return new HoldpointError(code, error?.message ?? `the gateway answered ${status}`);
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
