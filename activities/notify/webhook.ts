import { Webhook } from 'standardwebhooks';
import type { NotifyChannel } from '../../contracts/config.ts';
import type { Delivery } from './channel.ts';
import { actionOf, alertKeyOf, cut, type Page, pageIdOf } from './page.ts';

export type WebhookChannel = Extract<NotifyChannel, { kind: 'webhook' }>;

const detailCharsMax = 4_000;

/**
 * A page for any receiver, signed by the Standard Webhooks scheme (`webhook-id`, `webhook-timestamp`,
 * `webhook-signature`). Its id is that of the page, so that a receiver can drop repeats; `alert` is the same for all
 * pages about one thing. The detail is sent as it is: JSON keeps it data.
 */
export function webhookDelivery({ url, secret }: WebhookChannel, namespace: string): (page: Page) => Delivery {
  // A secret that cannot be read stops the process at its start, not at its first page.
  const webhook = webhookOf(secret);
  return (page) => {
    const { about, detail, ...rest } = page;
    const action = actionOf(page);
    const alert = alertKeyOf(namespace, page);
    const id = `msg_${pageIdOf(namespace, page)}`;
    const type = `holdpoint.${about}`;
    const body = JSON.stringify({ type, about, action, alert, ...rest, detail: cut(detail, detailCharsMax) });
    return signedDelivery(webhook, { url, id, body });
  };
}

type Post = { readonly url: string; readonly id: string; readonly body: string };

/** A POST of JSON with the three headers of the scheme. */
export function signedDelivery(webhook: Webhook, { url, id, body }: Post): Delivery {
  const now = new Date();
  return {
    url,
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
      'webhook-signature': webhook.sign(id, now, body),
    },
    body,
    taken: (status) => status >= 200 && status < 300,
  };
}

/** Secrets in the Standard Webhooks form are base64 behind `whsec_`; any other text is used as it is. */
export const webhookOf = (secret: string): Webhook =>
  secret.startsWith('whsec_') ? new Webhook(secret) : new Webhook(secret, { format: 'raw' });
