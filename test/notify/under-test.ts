import { Registry } from 'prom-client';
import type { z } from 'zod';
import { type DeliveryLimits, deliveryLimits } from '../../activities/notify/deliver.ts';
import { createNotifier } from '../../activities/notify/notifier.ts';
import type { Notifier, Page } from '../../activities/notify/page.ts';
import { Notify, type NotifyChannel } from '../../contracts/config.ts';

export const routingKey = 'k0k1k2k3k4k5k6k7k8k9kakbkckdkekf';
export const slackToken = 'planted0slack0token0of0a0webhook';
export const webhookSecret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;

export const digest = 'd'.repeat(64);
export const pageOf = (change: Partial<Page> = {}): Page => ({
  about: 'hold-waits',
  at: '2026-03-01T12:00:00.000Z',
  workflowId: 'incident/alertmanager/0a1b',
  runId: '00000000-0000-4000-8000-000000000001',
  digest,
  scope: null,
  record: null,
  runbook: 'postgres-blocked-by-idle-transaction',
  escalation: null,
  severity: 'error',
  detail: 'session 4711 is ended; release by 2026-03-01T12:15:00.000Z',
  commands: [`holdpoint approve incident/alertmanager/0a1b ${digest}`],
  ...change,
});

/** Short, so that waiting for nothing takes little time, and long enough for a slow machine to answer. */
export const limits: DeliveryLimits = { pageMsMax: 5_000, attemptMsMax: 2_000, pauseMs: 20 };

/** The first request of a process loads the client, which takes longer than any other. */
export const warmUp = (): Promise<unknown> => fetch('http://127.0.0.1:9/').catch(() => undefined);

export type UnderTest = Notifier & { readonly warned: readonly object[]; metrics(): Promise<string> };

/** The notifier of one process, as its configuration is read. */
export function notifierOf(
  channels: readonly z.input<typeof NotifyChannel>[],
  options: { readonly namespace?: string; readonly limits?: DeliveryLimits } = {},
): UnderTest {
  const warned: object[] = [];
  const registry = new Registry();
  const log = { warn: (fields: object, message: string) => warned.push({ ...fields, message }) } as never;
  const { namespace = 'payments' } = options;
  const given = {
    channels: Notify.parse(channels),
    namespace,
    log,
    registry,
    limits: options.limits ?? deliveryLimits,
  };
  return { ...createNotifier(given), warned, metrics: () => registry.metrics() };
}
