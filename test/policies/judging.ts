import { readFileSync } from 'node:fs';
import type { ReadResult } from '../../contracts/evidence.ts';
import { Limits } from '../../contracts/limits.ts';
import type { StandingSnapshot } from '../../contracts/standing.ts';
import type { Entity } from '../../contracts/tools/contract.ts';
import type { JudgeInputs } from '../../policies/gate.ts';
import { loadPolicies } from '../../policies/organisation/load.ts';
import { type LoadedRunbook, parseRunbook } from '../../policies/runbook.ts';

export const runbookFile = 'runbooks/postgres-blocked-by-idle-transaction.yaml';
export const runbookText = readFileSync(new URL(`../../${runbookFile}`, import.meta.url), 'utf8');
export const runbook: LoadedRunbook = parseRunbook(runbookText, runbookFile);

/** The shipped runbook with parts of its text replaced; throws when a part is not there, so that no test tests nothing. */
export function edited(...edits: readonly (readonly [from: string, to: string])[]): string {
  return edits.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`expected the runbook to contain \`${from}\``);
    return text.replace(from, to);
  }, runbookText);
}

export const now = Date.parse('2026-01-31T09:30:00.000Z');
export const instant = (ms: number): string => new Date(ms).toISOString();

type Attributes = Entity['attributes'];
export const backend = (attributes: Attributes = {}, pid = 4_242): Entity => ({
  kind: 'backend',
  id: `backend/${pid}/20260131092000123456`,
  attributes: {
    pid,
    database: 'payments',
    user: 'billing_job',
    application: 'nightly-export',
    client: '127.0.0.1',
    state: 'idle in transaction',
    waitEvent: 'ClientRead',
    backendStart: '2026-01-31 09:20:00.123456+00',
    xactStart: '2026-01-31 09:21:00.654321+00',
    stateChange: '2026-01-31 09:21:00.700000+00',
    xactAgeMs: 540_000,
    query: 'select 1',
    blockedCount: 3,
    backendType: 'client backend',
    own: false,
    role: 'root',
    ...attributes,
  },
});

export const readResult = (entities: readonly Entity[], over: Partial<ReadResult> = {}): ReadResult => ({
  v: 1,
  workflowId: 'incident/alertmanager/0123456789abcdef',
  runId: '00000000-0000-4000-8000-000000000000',
  activityId: '1',
  step: { step: 0, index: 0 },
  runbook: { id: runbook.id, digest: runbook.digest },
  tool: 'postgres.blockingTree',
  args: { database: 'payments' },
  at: instant(now - 5_000),
  data: { roots: [], waiting: 0, truncated: false },
  entities: [...entities],
  ...over,
});

export const standing = (ring: 0 | 1 | 2, over: Partial<StandingSnapshot> = {}): StandingSnapshot => ({
  v: 1,
  runbook: { id: runbook.id, digest: runbook.digest },
  seq: 7,
  at: instant(now - 1_000),
  standing: { ring, rule: 'waived', record: null, until: null, dryRunSince: null, trip: null, grants: [] },
  manifestVersion: 1,
  ...over,
});

export const limits: Limits = Limits.parse({});
/** The shipped policies of the organisation. */
export const policyText = readFileSync(new URL('../../policies/default.cedar', import.meta.url), 'utf8');
export const organisation = loadPolicies([{ name: 'default', text: policyText }]);
const resultHash = 'ab'.repeat(32);
export const callOf = (tool: string, args: JudgeInputs['call']['args']): JudgeInputs['call'] => ({
  tool,
  args,
  why: 'because',
});
export const writeCall = (tool: string, entity = backend()): JudgeInputs['call'] =>
  callOf(tool, { target: { entity: entity.id, resultHash } });

/** A read of the activity at ring 2, unless told otherwise. */
export const inputs = (over: Partial<JudgeInputs> = {}): JudgeInputs => ({
  call: callOf('postgres.activity', { database: 'payments' }),
  runbook,
  limits,
  organisation,
  standing: standing(2),
  now,
  target: null,
  counts: {},
  recoveryReads: {},
  runs: 1,
  unaided: { kind: 'person', why: 'nobody looked' },
  ...over,
});

/** A terminate of the blocking backend at ring 2, with its target found by a read. */
export const write = (over: Partial<JudgeInputs> = {}, entity = backend()): JudgeInputs =>
  inputs({
    call: writeCall('postgres.terminateBackend', entity),
    target: { entity, result: readResult([entity]) },
    ...over,
  });
