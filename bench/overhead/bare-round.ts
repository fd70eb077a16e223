import { randomUUID } from 'node:crypto';
import { approveSignal } from '../../workflows/messages.ts';
import type { Setting } from '../bench.ts';
import { bundleBenchWorkflows } from '../child/bundle.ts';
import { startChild } from '../child/start-child.ts';
import type { BenchInstallation } from '../installation.ts';
import { startStuckSession } from '../stuck-session.ts';
import { makeBareLogins } from './bare-logins.ts';
import type { BareSettings } from './bare-worker.ts';
import type { Incident } from './overhead.ts';
import { untilHeld } from './until-held.ts';

const taskQueue = 'bench-bare';
const runMsMax = 180_000;

/** One process with one worker, which runs the workflow and its activities. */
export async function startBareWorker(
  { temporal, place }: BenchInstallation,
  { home, cleanup, say }: Setting,
): Promise<void> {
  say('starting the bare worker');
  const bundle = await bundleBenchWorkflows('overhead/bare-incident', home);
  const child = await startChild('overhead/bare-worker');
  cleanup.add('bare worker', () => child.stop());
  const { address, namespace } = temporal;
  const settings: BareSettings = { address, namespace, taskQueue, bundle, logins: await makeBareLogins(place) };
  await child.ask('start', settings);
}

/** The same incident without governance. Throws unless the blocking session was really ended and the service recovered. */
export async function bareRound({ temporal, place }: BenchInstallation): Promise<Incident> {
  const stuck = await startStuckSession(place);
  try {
    const begun = performance.now();
    const handle = await temporal.client.workflow.start('bareIncident', {
      workflowId: `bare/${randomUUID()}`,
      taskQueue,
      args: [],
      workflowExecutionTimeout: runMsMax,
    });
    await untilHeld(handle);
    await handle.signal(approveSignal, 'yes');
    const outcome: unknown = await handle.result();
    const ms = performance.now() - begun;
    if (outcome !== 'recovered' || !stuck.wasEnded())
      throw new Error(`bare incident: expected recovered, got \`${String(outcome)}\``);
    return { ms, events: (await handle.describe()).historyLength };
  } finally {
    await stuck.stop();
  }
}
