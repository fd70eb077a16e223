import type { Bench } from './bench.ts';

// What each means, and how its floor came about, is in docs/benchmarks.md. A bench is loaded when it is opened: its name
// costs nothing.
const bareIncident = {
  peerName: 'the same reads and the same terminate in a bare Temporal workflow',
  // Of the twenty sessions that the runbook's circuit breaker lets end in an hour, one for the warm-up.
  roundsMax: 19,
  warmUp: true,
} as const;

const overhead: Bench = {
  ...bareIncident,
  name: 'overhead',
  about: 'wall time of one governed incident, from the alert to the closed workflow',
  unit: 'ms',
  floor: 0.11,
  timed: true,
  roundsUsual: 7,
  open: async (setting) => (await import('./overhead/overhead.ts')).openOverhead(setting),
};

const history: Bench = {
  ...bareIncident,
  name: 'history',
  about: 'history events of the same incident',
  unit: 'events',
  floor: 0.22,
  timed: false,
  roundsUsual: 3,
  open: async (setting) => (await import('./overhead/overhead.ts')).openHistory(setting),
};

const workflowMemory: Bench = {
  name: 'workflow-memory',
  about: 'memory (RSS) of each cached incident that waits for a release',
  unit: 'KiB',
  peerName: 'a bare workflow that waits for a signal',
  floor: 0.35,
  timed: false,
  roundsUsual: 3,
  roundsMax: 20,
  // Every process of it warms up by itself.
  warmUp: false,
  open: async (setting) => (await import('./memory/workflow-memory.ts')).openWorkflowMemory(setting),
};

const inProcess = { timed: true, roundsUsual: 7, roundsMax: 50, warmUp: true, digits: 2 } as const;

const gate: Bench = {
  ...inProcess,
  name: 'gate',
  about: 'one typed write judged by every rule but the organisation policy (p50)',
  unit: 'us',
  peerName: 'agent-governance-sdk 4.0.0: 100 expression rules, hit at the last',
  floor: 35,
  open: async () => (await import('./gate/gate.ts')).openGate(),
};

const gateCedar: Bench = {
  ...inProcess,
  name: 'gate-cedar',
  about: 'the same write judged with the organisation policy (p50)',
  unit: 'us',
  peerName: 'cedar-wasm alone, on the same request',
  floor: 0.6,
  open: async () => (await import('./gate/gate.ts')).openGateWithCedar(),
};

const command: Bench = {
  ...inProcess,
  name: 'command',
  about: 'judging command text of 64 kB, each kB of it',
  unit: 'us/kB',
  peerName: 'the same lines as texts of 1 kB',
  // A ratio of 1 is linear growth.
  floor: 0.5,
  open: async () => (await import('./command/command.ts')).openCommand(),
};

const sanitize: Bench = {
  name: 'sanitize',
  about: 'time for 10 MB of mixed logs, sanitised and structured',
  unit: 'ms',
  peerName: 'one pass of a native expression that masks and drops',
  floor: 0.2,
  timed: true,
  roundsUsual: 5,
  roundsMax: 50,
  warmUp: true,
  open: async () => (await import('./sanitize/sanitize.ts')).openSanitize(),
};

const audit: Bench = {
  name: 'audit',
  about: 'one record until it is stored, locked and provable, with 512 callers',
  unit: 'us',
  peerName: 'one locked put for each record, one after the other, without a log',
  floor: 3,
  timed: true,
  roundsUsual: 5,
  roundsMax: 20,
  warmUp: true,
  open: async (setting) => (await import('./audit/audit.ts')).openAudit(setting),
};

const verify: Bench = {
  name: 'verify',
  about: 'verifying one record of an archive of 20,000',
  unit: 'us',
  digits: 2,
  peerName: 'SHA-256 over the same records in a bare loop',
  floor: 0.002,
  timed: true,
  roundsUsual: 5,
  roundsMax: 20,
  warmUp: true,
  open: async () => (await import('./verify/verify.ts')).openVerify(),
};

export const benches: readonly Bench[] = [
  overhead,
  history,
  workflowMemory,
  gate,
  gateCedar,
  command,
  sanitize,
  audit,
  verify,
];
