import type { DestinationStream, Logger } from 'pino';
import { pino } from 'pino';
import type { NotifyChannel, ProcessConfig, ProcessSecrets } from '../../contracts/config.ts';

const redacted = '[redacted]';
/** Shorter parts of an address are words. */
const partCharsMin = 16;

function* stringsIn(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (typeof value === 'object' && value !== null)
    for (const inner of Object.values(value)) yield* stringsIn(inner);
}

/** A login is inside its URL: the password alone would be as bad in a log as the whole. */
function* spellings(secret: string): Generator<string> {
  yield secret;
  yield JSON.stringify(secret).slice(1, -1);
  yield encodeURIComponent(secret);
  const password = /^[a-z][a-z0-9+.-]*:\/\/[^/@]*?:([^@/]+)@/i.exec(secret)?.[1];
  if (password === undefined) return;
  yield password;
  try {
    yield decodeURIComponent(password);
  } catch {
    // not percent-encoded: yielded as it stands
  }
}

/** The address of a webhook may be its secret: its path, each long part of it, and each long value of its query. */
function* partsOf(address: string): Generator<string> {
  const { pathname, search, searchParams } = new URL(address);
  yield address;
  yield pathname + search;
  yield* [pathname, ...pathname.split('/'), ...searchParams.values()].filter((part) => part.length >= partCharsMin);
}

/** What is secret about where pages go: not what a channel is called, and not the address that all of PagerDuty has. */
function channelSecrets(channel: NotifyChannel): string[] {
  switch (channel.kind) {
    case 'pagerduty':
      return [channel.routingKey];
    case 'slack':
      return [...partsOf(channel.url)];
    case 'webhook':
      return [channel.secret, ...partsOf(channel.url)];
  }
}

/** The strings of a secrets document that must never be printed; the public half of the key and short words may be. */
function secretStrings(secrets: ProcessSecrets): string[] {
  const { process, ...rest } = secrets;
  const { key, ...others } = rest;
  const open = new Set<string>([process, 'bearer', 'basic']);
  if ('postgres' in others) for (const { database } of others.postgres) open.add(database);
  // Who somebody is called is no secret, and a log has to be able to say it.
  if ('console' in others) for (const { name, role } of others.console?.tokens ?? []) open.add(name).add(role);
  const notify = 'notify' in others ? others.notify.flatMap(channelSecrets) : [];
  const all = [key.d, ...stringsIn({ ...others, notify })]
    .filter((text) => !open.has(text))
    .flatMap((text) => [...spellings(text)]);
  return [...new Set(all)].filter((text) => text.length >= 8).sort((a, b) => b.length - a.length);
}

/** Replaces every spelling of every secret that this process holds. Path-based redaction alone misses messages. */
export function createScrubber(secrets: ProcessSecrets): (text: string) => string {
  const hidden = secretStrings(secrets);
  return (text) => hidden.reduce((clean, secret) => clean.replaceAll(secret, redacted), text);
}

const secretPaths = ['key', 'secret', 'password', 'token', 'authorization', 'cookie', 'mintUrl', 'routingKey'];

/** One JSON line for each event on standard output; known secret fields and values are redacted. */
export function createLogger(config: ProcessConfig, scrub: (text: string) => string): Logger {
  const destination: DestinationStream = { write: (line) => void process.stdout.write(scrub(line)) };
  return pino(
    {
      level: config.logLevel,
      base: { process: config.process, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secretPaths.flatMap((path) => [path, `*.${path}`, `*.*.${path}`]), censor: redacted },
    },
    destination,
  );
}
