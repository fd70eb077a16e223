import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { Counter, Gauge } from 'prom-client';
import { codeOf } from '../../contracts/errors.ts';
import { createPoller } from '../record/poller.ts';
import { addSignatures, callerOf, createApp, jsonOf, listen, type SignedServerDeps } from '../record/signed-server.ts';
import { type BrokerDeps, createBroker } from './broker.ts';
import { createWatch } from './broker-watch.ts';
import { skewMsMax } from './broker-writes.ts';
import type { Ledger } from './ledger.ts';

export type BrokerServerDeps = BrokerDeps &
  Pick<SignedServerDeps, 'signer' | 'listen'> & {
    readonly log: Logger;
    readonly registry: Registry;
    /** Waits so long, in ms. */
    readonly sleep: (ms: number) => Promise<unknown>;
  };
export type BrokerServer = {
  readonly url: string;
  /** Looks now instead of at the next poll. */
  look(): Promise<void>;
  /** Withdraws now what the targets hold and nobody here knows. */
  sweep(): Promise<void>;
  stop(): Promise<void>;
};

const bodyBytesMax = 64 * 1_024;
const lookEveryMs = 300;
const sweepEveryMs = 10_000;

/**
 * The broker: first withdraws what an earlier life of it left at the targets, then serves `contracts/broker-api.ts`, and looks at
 * what it issued until it stops. Then everything is withdrawn.
 */
export async function startBroker(deps: BrokerServerDeps): Promise<BrokerServer> {
  const metrics = createMetrics(deps.registry);
  const broker = createBroker(deps);
  const { ledger } = broker;
  metrics.counting(() => ledger.all().length);
  const sweep = async (): Promise<void> => {
    await ledger.retry();
    for (const minter of deps.minters.values()) await ledger.sweep(minter);
  };
  await sweep();
  // Nobody is answered before receipts are surely younger than this life: a refusal would spend the attempt, silence does not.
  await deps.sleep(skewMsMax + 1);
  const app = createApp(bodyBytesMax);
  addSignatures(app, { ...deps, logger: deps.log, refused: metrics.refused, damage: () => null });
  app.post('/v1/credentials', async (request) => {
    const issued = await broker.issue(jsonOf(request), callerOf(request));
    metrics.issued();
    return issued;
  });
  app.post('/v1/credentials/end', async (request) => {
    await broker.end(jsonOf(request), callerOf(request));
    return { ended: true };
  });
  const look = createWatch(deps, ledger);
  const onFault = (error: unknown) => deps.log.warn({ code: codeOf(error) }, 'poll failed; it is tried again');
  const pollers = [createPoller(lookEveryMs, look, onFault), createPoller(sweepEveryMs, sweep, onFault)];
  const server = await listen(app, deps.listen);
  return {
    url: server.url,
    look,
    sweep,
    async stop() {
      await Promise.all([server.close(), ...pollers.map((poller) => poller.stop())]);
      await withdrawAll(ledger);
    },
  };
}

const withdrawAll = async (ledger: Ledger): Promise<void> =>
  void (await Promise.all(ledger.all().map((live) => ledger.withdraw(live, 'the broker stops'))));

function createMetrics(registry: Registry) {
  const registers = [registry];
  const issued = new Counter({ name: 'holdpoint_credentials_issued_total', help: 'credentials given out', registers });
  const refused = new Counter({
    name: 'holdpoint_broker_refused_total',
    help: 'requests refused, by code',
    labelNames: ['code'],
    registers,
  });
  return {
    issued: () => issued.inc(),
    refused: (code: string) => refused.inc({ code }),
    counting: (count: () => number) =>
      new Gauge({
        name: 'holdpoint_credentials_live',
        help: 'credentials that were issued and not withdrawn',
        registers,
        collect() {
          this.set(count());
        },
      }),
  };
}
