import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { Counter } from 'prom-client';
import type { FenceScope } from '../contracts/queues.ts';
import { fenceId } from '../contracts/queues.ts';
import type { FenceState } from './fence-watch.ts';
import { listFenceScopes, readFence } from './fence-watch.ts';
import type { TemporalDeps } from './incident-runs.ts';
import { sleep, sweep } from './sweep.ts';

export type SweeperDeps = TemporalDeps & {
  readonly log: Logger;
  readonly registry: Registry;
  readonly clock: () => number;
  readonly pollMs?: number;
  readonly graceMs?: number;
};
export type Sweeper = { stop(): Promise<void> };

/** An incident whose start was under way when the scope stopped belongs to what was stopped. */
const startSlackMs = 1_000;

/**
 * Finishes a stop that somebody began with Temporal's own tools: a fence that was cancelled, terminated, reset or deleted.
 * The stop itself holds without this; here the incidents of the scope are cancelled and in the end terminated, those that
 * started before the stop. Each stopped run of a fence is swept once, also after a restart, when little is left to do.
 */
export function startSweeper(deps: SweeperDeps): Sweeper {
  const known = new Map<string, FenceScope>([[fenceId({ kind: 'all' }), { kind: 'all' }]]);
  const seen = new Set<string>();
  const swept = new Set<string>();
  const sweeps = new Set<Promise<void>>();
  const sweptTotal = new Counter({
    name: 'holdpoint_sweeps_total',
    help: 'Stopped scopes whose incidents were swept, by outcome',
    labelNames: ['complete'],
    registers: [deps.registry],
  });
  let stopping = false;
  let away = false;

  const look = async (id: string, scope: FenceScope): Promise<void> => {
    const state = await readFence(deps, scope);
    if (state.kind !== 'missing') seen.add(id);
    const stop = stopOf(state, seen.has(id), deps.clock());
    if (stop === null || swept.has(`${id} ${stop.run}`)) return;
    swept.add(`${id} ${stop.run}`);
    const work = finish(deps, scope, stop, () => stopping)
      .then((complete) => {
        sweptTotal.inc({ complete: String(complete) });
        // Left to the next look when it could not be finished.
        if (!complete) swept.delete(`${id} ${stop.run}`);
      })
      .finally(() => sweeps.delete(work));
    sweeps.add(work);
  };
  const lookAtAll = async (): Promise<void> => {
    for (const scope of await listFenceScopes(deps)) known.set(fenceId(scope), scope);
    await Promise.all([...known].map(([id, scope]) => look(id, scope)));
  };
  const loop = (async () => {
    while (!stopping) {
      const failed = await lookAtAll().then(
        () => false,
        () => true,
      );
      if (failed && !away) deps.log.warn({ code: 'TEMPORAL_AWAY' }, 'cannot look at the fences');
      away = failed;
      await sleep(deps.pollMs ?? 1_000);
    }
  })();
  return {
    async stop() {
      stopping = true;
      await loop;
      await Promise.all(sweeps);
    },
  };
}

type Stop = { readonly run: string; readonly at: number; readonly how: string };

function stopOf(state: FenceState, everSeen: boolean, now: number): Stop | null {
  switch (state.kind) {
    case 'open':
      return null;
    case 'stopped':
      return { run: state.runId, at: state.at ?? now, how: state.how };
    case 'missing':
      // A fence that never was is a scope that never was open; one that vanished was deleted.
      return everSeen ? { run: 'deleted', at: now, how: 'the fence was deleted' } : null;
  }
}

async function finish(deps: SweeperDeps, scope: FenceScope, stop: Stop, ended: () => boolean): Promise<boolean> {
  const id = fenceId(scope);
  deps.log.warn({ fence: id, how: stop.how }, 'a scope was stopped: sweeping its incidents');
  const report = await sweep({
    ...deps,
    scope,
    reason: `${id}: ${stop.how}`,
    startedBefore: stop.at + startSlackMs,
    goOn: async () => !ended() && (await readFence(deps, scope)).kind !== 'open',
  });
  const { cancelled, terminated, undecided, passes, complete } = report;
  deps.log.warn({ fence: id, cancelled, terminated, undecided, passes, complete }, 'a stopped scope was swept');
  return complete;
}
