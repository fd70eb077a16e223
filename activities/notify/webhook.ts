import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { Webhook } from 'standardwebhooks';

/** What a person is told. `detail` may hold outside text: the receiver shows it as data. */
export type Page = {
  readonly about: string;
  /** RFC 3339, UTC. */
  readonly at: string;
  readonly workflowId: string | null;
  readonly detail: string;
  /** Exact command lines that help, where there are any. */
  readonly commands?: readonly string[];
  readonly links?: readonly string[];
};
export type Notifier = {
  /** True when the receiver took it. Never throws: paging may fail, and what it is about goes on. */
  page(page: Page): Promise<boolean>;
  /** Where pages go, without anything secret. */
  readonly to: string;
};
export type NotifyTarget = { readonly url: string; readonly secret: string } | null;

const triesMax = 3;
const waitMsMax = 5_000;
const pauseMs = 500;

/**
 * Tells a webhook, signed by the Standard Webhooks scheme (`webhook-id`, `webhook-timestamp`, `webhook-signature`). Tried
 * three times with one id, so that a receiver can drop repeats. Without a target every page answers false.
 */
export function createNotifier(target: NotifyTarget, log: Pick<Logger, 'warn'>): Notifier {
  if (target === null) return { page: async () => false, to: 'nobody: no webhook is configured' };
  const webhook = webhookOf(target.secret);
  return {
    to: 'webhook',
    async page(page) {
      const id = `msg_${randomUUID()}`;
      const body = JSON.stringify({ type: `holdpoint.${page.about}`, ...page });
      for (let attempt = 1; attempt <= triesMax; attempt++) {
        const fault = await post(target.url, webhook, id, body);
        if (fault === null) return true;
        // The url may carry a token: only the fault is logged.
        log.warn({ about: page.about, attempt, fault }, 'page was not delivered');
        if (attempt < triesMax) await new Promise((resolve) => setTimeout(resolve, pauseMs * attempt));
      }
      return false;
    },
  };
}

/** Secrets in the Standard Webhooks form are base64 behind `whsec_`; any other text is used as it is. */
const webhookOf = (secret: string): Webhook =>
  secret.startsWith('whsec_') ? new Webhook(secret) : new Webhook(secret, { format: 'raw' });

/** One delivery. Answers null, or why it failed, in words that hold no part of the url. */
async function post(url: string, webhook: Webhook, id: string, body: string): Promise<string | null> {
  const at = new Date();
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
        'webhook-signature': webhook.sign(id, at, body),
      },
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(waitMsMax),
    });
    await response.body?.cancel();
    return response.ok ? null : `status ${response.status}`;
  } catch (error) {
    return error instanceof Error && error.name === 'TimeoutError' ? `no answer within ${waitMsMax} ms` : 'no answer';
  }
}
