import { Socket } from 'node:net';
import type { Logger } from 'pino';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Failpoint } from '../activities/failpoints.ts';
import { createFailpoints } from '../activities/failpoints.ts';
import type { ConfigOf, SecretsOf } from '../contracts/config.ts';
import { codeOf } from '../contracts/errors.ts';
import type { Signer } from '../policies/signing.ts';
import { createSigner } from '../policies/signing.ts';
import { startHealth } from './process/health.ts';
import { createLogger, createScrubber } from './process/logging.ts';
import type { ProcessName } from './process/settings.ts';
import { mustOwnPinnedKey, readConfig, readSecrets, refuseDevelopmentParts, signerId } from './process/settings.ts';
import type { TemporalAccess } from './process/temporal.ts';
import { connectTemporal } from './process/temporal.ts';

export type { TemporalAccess } from './process/temporal.ts';
export type Clock = () => number;

/** What every process is given: its parsed settings, its one key, and the ordinary tools of a long-running program. */
export type ProcessContext<P extends ProcessName> = {
  readonly config: ConfigOf<P>;
  readonly secrets: SecretsOf<P>;
  readonly signer: Signer;
  readonly log: Logger;
  /** Milliseconds since the epoch. */
  readonly clock: Clock;
  readonly failpoint: Failpoint;
  readonly registry: Registry;
  /** Replaces every secret of this process in a text that is about to leave it. */
  readonly scrub: (text: string) => string;
  /** One connection for the life of the process, made at the first call. Throws `TEMPORAL_AWAY`. */
  temporal(options?: { readonly lazy: boolean }): Promise<TemporalAccess>;
  /** Turns `/healthz` to 200; also called for a process when its `start` resolves. */
  ready(): void;
  /** A part died that the process cannot work without: logs it and exits 1. */
  fail(error: unknown): void;
};
type Running = { stop(): Promise<void> };

const stopMsMax = 8_000;

/**
 * Runs one process: parses its settings, refuses what production must not run, serves `/healthz` and `/metrics`, and
 * stops in order on SIGTERM, SIGINT or the end of its lifeline. Any failure to start is one line and exit status 1.
 */
export async function runProcess<P extends ProcessName>(
  process_: P,
  start: (ctx: ProcessContext<P>) => Promise<Running>,
): Promise<void> {
  let scrub = (text: string): string => text;
  const fatal = (error: unknown): never => {
    const message = error instanceof Error ? error.message : String(error);
    const stack = codeOf(error) === 'INTERNAL' && error instanceof Error ? { stack: error.stack } : {};
    const line = { level: 'fatal', process: process_, code: codeOf(error), msg: message, ...stack };
    process.stderr.write(`${scrub(JSON.stringify(line))}\n`);
    process.exit(1);
  };
  process.on('uncaughtException', fatal);
  process.on('unhandledRejection', fatal);
  try {
    const config = readConfig(process_, process.env);
    const secrets = readSecrets(process_, process.env);
    scrub = createScrubber(secrets);
    refuseDevelopmentParts(config, secrets, process.env);
    mustOwnPinnedKey(config, secrets);
    await live({ process: process_, config, secrets, scrub, fatal, start });
  } catch (error) {
    fatal(error);
  }
}

type Life<P extends ProcessName> = {
  readonly process: P;
  readonly config: ConfigOf<P>;
  readonly secrets: SecretsOf<P>;
  readonly scrub: (text: string) => string;
  readonly fatal: (error: unknown) => never;
  readonly start: (ctx: ProcessContext<P>) => Promise<Running>;
};

async function live<P extends ProcessName>({ config, secrets, scrub, fatal, start }: Life<P>): Promise<void> {
  const log = createLogger(config, scrub);
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const health = await startHealth(config.health, registry);
  let temporal: Promise<TemporalAccess> | undefined;
  let running: Running | undefined;
  onEnd(async (why) => {
    log.info({ why }, 'stopping');
    health.stopping();
    await running?.stop();
    await temporal?.then((access) => access.close()).catch(() => {});
    await health.close();
  }, fatal);
  running = await start({
    config,
    secrets,
    log,
    registry,
    scrub,
    signer: createSigner(signerId(config), secrets.key),
    clock: Date.now,
    failpoint: createFailpoints(process.env.HOLDPOINT_FAILPOINTS),
    temporal: (options) => {
      temporal ??= connectTemporal(log, options);
      return temporal;
    },
    ready: () => health.ready(),
    fail: (error) => fatal(error),
  });
  health.ready();
  log.info({ health: health.port, as: signerId(config) }, 'ready');
}

/** Calls `stop` once, at the first of SIGTERM, SIGINT and the lifeline's end; a stop that hangs ends by exit status 1. */
function onEnd(stop: (why: string) => Promise<void>, fatal: (error: unknown) => never): void {
  let ending = false;
  const end = (why: string): void => {
    if (ending) return;
    ending = true;
    setTimeout(() => fatal(new Error(`expected to stop within ${stopMsMax} ms`)), stopMsMax).unref();
    stop(why).then(() => process.exit(0), fatal);
  };
  process.on('SIGTERM', () => end('SIGTERM'));
  process.on('SIGINT', () => end('SIGINT'));
  const fd = process.env.HOLDPOINT_LIFELINE_FD;
  if (fd === undefined) return;
  // Nobody writes to it: it ends when the supervisor does, however that died, so that no process is left behind.
  const lifeline = new Socket({ fd: Number(fd), readable: true, writable: false });
  lifeline.on('close', () => end('the supervisor is gone'));
  lifeline.on('error', () => end('the supervisor is gone'));
  lifeline.resume();
  lifeline.unref();
}
