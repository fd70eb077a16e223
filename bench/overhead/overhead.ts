import type { Bench, Measured, Setting, Sides } from '../contest.ts';
import { startBenchInstallation, writesPerHour } from '../installation.ts';
import { bareRound, startBareWorker } from './bare-round.ts';
import { governedRound } from './governed-round.ts';

/** One incident from its start to its closed workflow. */
export type Incident = { readonly ms: number; readonly events: number };

const shared = {
  peerName: 'the same reads and the same terminate in a bare Temporal workflow',
  roundsUsual: 7,
  roundsMax: writesPerHour - 10,
} as const;

export const overheadBench: Bench = {
  ...shared,
  name: 'overhead',
  about: 'wall time of one governed incident, from the alert to the closed workflow',
  unit: 'ms',
  floor: 0.1,
  timed: true,
  open: (setting) => openBoth(setting, ({ ms, events }) => ({ value: ms, note: `${events} events` })),
};

export const historyBench: Bench = {
  ...shared,
  name: 'history',
  about: 'history events of the same incident',
  unit: 'events',
  floor: 0.1,
  timed: false,
  roundsUsual: 3,
  open: (setting) => openBoth(setting, ({ ms, events }) => ({ value: events, note: `${Math.round(ms)} ms` })),
};

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
