import type { NotifyChannel } from '../../contracts/config.ts';
import { severities } from '../../contracts/page.ts';
import { actionOf, type Page } from './page.ts';
import { pagerDutyDelivery } from './pagerduty.ts';
import { slackDelivery } from './slack.ts';
import { webhookDelivery } from './webhook.ts';

/** A channel that pages can be sent to. */
export type Channel = {
  readonly name: string;
  readonly kind: NotifyChannel['kind'];
  takes(page: Page): boolean;
  /** The request that its receiver documents for such a page. */
  deliveryOf(page: Page): Delivery;
};
/** One HTTP POST that carries a page to one channel. */
export type Delivery = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The statuses by which the receiver says that it took it. */
  taken(status: number): boolean;
};

/** A channel as it was configured. Throws for a webhook secret that cannot be read. */
export const createChannel = (config: NotifyChannel, namespace: string): Channel => ({
  name: config.name,
  kind: config.kind,
  takes: (page) => takes(config, page),
  deliveryOf: deliveryOf(config, namespace),
});

function deliveryOf(config: NotifyChannel, namespace: string): (page: Page) => Delivery {
  switch (config.kind) {
    case 'pagerduty':
      return pagerDutyDelivery(config, namespace);
    case 'slack':
      return slackDelivery(config);
    case 'webhook':
      return webhookDelivery(config, namespace);
  }
}

function takes({ kind, name, about, severityMin, escalationOnly }: NotifyChannel, page: Page): boolean {
  // What ends an alert goes wherever it may have been opened; PagerDuty drops what it has no open alert for.
  if (kind === 'pagerduty' && actionOf(page) !== 'trigger') return true;
  if (escalationOnly && page.escalation !== name) return false;
  if (about !== undefined && !about.includes(page.about)) return false;
  return severities.indexOf(page.severity) <= severities.indexOf(severityMin ?? 'info');
}

/**
 * The channels that a page goes to. INVARIANT: a page that asks for a person is never for nobody: where no channel wants
 * it, all get it.
 */
export function channelsFor(channels: readonly Channel[], page: Page): readonly Channel[] {
  const wanted = channels.filter((channel) => channel.takes(page));
  return wanted.length === 0 && actionOf(page) === 'trigger' ? channels : wanted;
}
