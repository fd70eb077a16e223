import { z } from 'zod';
import { type Answer, type Asked, type Loopback, startLoopback } from './loopback.ts';

// What PagerDuty documents of its Events API v2 (developer-docs, events-API-v2: "Send an Alert Event", "Overview"; its
// OpenAPI file events-v2). Stricter in one thing: it refuses fields that are not documented.

const eventBytesMax = 512 * 1024;
const Word = z.string().min(1);
const Payload = z.strictObject({
  summary: Word.max(1_024),
  source: Word,
  severity: z.enum(['critical', 'error', 'warning', 'info']),
  timestamp: z.iso.datetime({ offset: true }).optional(),
  component: z.string().optional(),
  group: z.string().optional(),
  class: z.string().optional(),
  custom_details: z.record(z.string(), z.unknown()).optional(),
});
const ofAnyEvent = { routing_key: z.string().length(32), dedup_key: Word.max(255) };
const Link = z.strictObject({ href: z.url(), text: z.string().optional() });
const Image = z.strictObject({
  src: z.url({ protocol: /^https$/ }),
  href: z.url().optional(),
  alt: z.string().optional(),
});
const AlertEvent = z.discriminatedUnion('event_action', [
  z.strictObject({
    event_action: z.literal('trigger'),
    ...ofAnyEvent,
    dedup_key: Word.max(255).optional(),
    payload: Payload,
    client: z.string().optional(),
    client_url: z.url().optional(),
    links: z.array(Link).optional(),
    images: z.array(Image).optional(),
  }),
  z.strictObject({ event_action: z.literal('acknowledge'), ...ofAnyEvent }),
  z.strictObject({ event_action: z.literal('resolve'), ...ofAnyEvent }),
]);
export type AlertEvent = z.infer<typeof AlertEvent>;
export type AlertState = 'triggered' | 'acknowledged' | 'resolved';
export type PagerDuty = Loopback & {
  readonly url: string;
  /** Every event that was valid, in order. */
  readonly events: readonly AlertEvent[];
  /** Why events were refused. */
  readonly refused: readonly string[];
  /** The newest alert of this key, as an on-call engineer sees it. */
  stateOf(dedupKey: string | undefined): AlertState | null;
};

/** PagerDuty's enqueue endpoint on loopback. It knows one integration, and keeps alerts by their keys. */
export async function startPagerDuty(routingKey: string): Promise<PagerDuty> {
  const events: AlertEvent[] = [];
  const refused: string[] = [];
  const alerts = new Map<string, AlertState>();
  const refuse = (why: string): Answer => {
    refused.push(why);
    return json(400, { status: 'invalid event', message: 'Event object is invalid', errors: [why] });
  };
  const server = await startLoopback((asked) => {
    const read = readEvent(asked);
    if (typeof read === 'string') return refuse(read);
    if (read.routing_key !== routingKey) return refuse('routing_key: of no integration');
    events.push(read);
    const key = read.dedup_key ?? `generated-${events.length}`;
    alerts.set(key, next(alerts.get(key) ?? null, read.event_action));
    return json(202, { status: 'success', message: 'Event processed', dedup_key: key });
  });
  const stateOf = (key: string | undefined) => alerts.get(key ?? '') ?? null;
  return { ...server, url: `${server.origin}/v2/enqueue`, events, refused, stateOf };
}

function readEvent({ method, path, headers, body }: Asked): AlertEvent | string {
  if (method !== 'POST' || path !== '/v2/enqueue') return `no such endpoint: ${method} ${path}`;
  if (!/^application\/json(;|$)/.test(headers['content-type'] ?? '')) return 'expected application/json';
  if (Buffer.byteLength(body) > eventBytesMax) return 'expected at most 512 KB';
  const parsed = AlertEvent.safeParse(JSON.parse(body));
  return parsed.success ? parsed.data : z.prettifyError(parsed.error);
}

/** An event for an alert that is not open opens one, if it is a trigger, and is dropped if it is not. */
function next(now: AlertState | null, action: AlertEvent['event_action']): AlertState {
  if (action === 'trigger') return now === 'acknowledged' ? 'acknowledged' : 'triggered';
  if (now === null || now === 'resolved') return 'resolved';
  return action === 'acknowledge' ? 'acknowledged' : 'resolved';
}

const json = (status: number, body: object): Answer => ({
  status,
  type: 'application/json',
  body: JSON.stringify(body),
});
