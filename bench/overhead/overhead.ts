import type { Measured, Setting, Sides } from '../bench.ts';
import { startBenchInstallation } from '../installation.ts';
import { bareRound, startBareWorker } from './bare-round.ts';
import { governedRound } from './governed-round.ts';

/** One incident from its start to its closed workflow. */
export type Incident = { readonly ms: number; readonly events: number };

export const openOverhead = (setting: Setting): Promise<Sides> =>
  openBoth(setting, ({ ms, events }) => ({ value: ms, note: `${events} events` }));

export const openHistory = (setting: Setting): Promise<Sides> =>
  openBoth(setting, ({ ms, events }) => ({ value: events, note: `${Math.round(ms)} ms` }));

/** Both sides on one Temporal server and one Postgres, in processes of their own. */
async function openBoth(setting: Setting, measured: (incident: Incident) => Measured): Promise<Sides> {
  const installation = await startBenchInstallation(setting);
  await startBareWorker(installation, setting);
  return {
    subject: async () => measured(await governedRound(installation)),
    peer: async () => measured(await bareRound(installation)),
    address: installation.temporal.address,
  };
}
