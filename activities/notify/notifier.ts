import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
import type { Notify } from '../../contracts/config.ts';
import type { ChannelResult } from '../../contracts/page.ts';
import { type Channel, channelsFor, createChannel } from './channel.ts';
import { type DeliveryLimits, deliver, deliveryLimits } from './deliver.ts';
import { cut, type Notifier, type Page, pageIdOf } from './page.ts';

export type NotifierOptions = {
  readonly channels: Notify;
  /** The Temporal namespace: two installations do not end each other's alerts. */
  readonly namespace: string;
  readonly log: Pick<Logger, 'warn'>;
  readonly registry: Registry;
  readonly limits?: DeliveryLimits;
};

const rememberedMax = 2_000;
const toCharsMax = 200;

/** Tells people by every channel that a page is for, at the same time. Throws for a webhook secret that cannot be read. */
export function createNotifier({ channels, namespace, log, registry, limits }: NotifierOptions): Notifier {
  const all = channels.map((config) => createChannel(config, namespace));
  const counter = new Counter({
    name: 'holdpoint_pages_total',
    help: 'pages by channel and end: delivered or failed',
    labelNames: ['channel', 'end'],
    registers: [registry],
  });
  const send = sender(log, limits ?? deliveryLimits);
  const once = remembering((page) => pageIdOf(namespace, page), send);
  return {
    configured: all.length > 0,
    async page(page) {
      const chosen = channelsFor(all, page);
      const results = await Promise.all(
        chosen.map(async (channel): Promise<ChannelResult> => {
          const fault = await once(channel, page);
          counter.inc({ channel: channel.name, end: fault === null ? 'delivered' : 'failed' });
          return { channel: channel.name, kind: channel.kind, delivered: fault === null, fault };
        }),
      );
      return { to: toOf(page, all, chosen), delivered: results.some(({ delivered }) => delivered), channels: results };
    },
  };
}

function toOf({ escalation }: Page, all: readonly Channel[], chosen: readonly Channel[]): string {
  const nobody = all.length === 0 ? 'nobody: no channel is configured' : 'nobody: no channel takes it';
  const by = chosen.length === 0 ? nobody : chosen.map(({ name }) => name).join(', ');
  return cut(`${escalation ?? 'whoever is on call'} (${by})`, toCharsMax);
}

type Send = (channel: Channel, page: Page) => Promise<string | null>;

function sender(log: Pick<Logger, 'warn'>, limits: DeliveryLimits): Send {
  return async (channel, page) => {
    // The request holds secrets: only the fault is logged.
    const warn = (attempt: number, fault: string): void =>
      log.warn({ about: page.about, channel: channel.name, attempt, fault }, 'page was not delivered');
    try {
      return await deliver(channel.deliveryOf(page), warn, limits);
    } catch {
      warn(1, 'could not be written');
      return 'could not be written';
    }
  };
}

/**
 * An activity that runs again after its page was delivered, because the record was away, joins or repeats that answer
 * and pages nobody twice. What failed is forgotten, so that the next run tries again.
 */
function remembering(idOf: (page: Page) => string, send: Send): Send {
  const sent = new Map<string, Promise<string | null>>();
  return async (channel, page) => {
    const id = `${channel.name} ${idOf(page)}`;
    const known = sent.get(id);
    if (known !== undefined) return known;
    const sending = send(channel, page);
    sent.set(id, sending);
    const oldest = sent.keys().next();
    if (sent.size > rememberedMax && oldest.done === false) sent.delete(oldest.value);
    if ((await sending) !== null) sent.delete(id);
    return sending;
  };
}
