import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Limits } from '../../contracts/limits.ts';
import type { Entity } from '../../contracts/tools/contract.ts';
import type { JudgeInputs } from '../../policies/gate.ts';
import { loadPolicies, type OrganisationPolicies } from '../../policies/organisation/load.ts';
import { type LoadedRunbook, parseRunbook } from '../../policies/runbook.ts';
import { projectRoot } from '../../servers/project.ts';

const file = 'runbooks/postgres-blocked-by-idle-transaction.yaml';
const textOf = (path: string): string => readFileSync(join(projectRoot(), path), 'utf8');

export const shippedPolicies = (): OrganisationPolicies =>
  loadPolicies([{ name: 'default', text: textOf('policies/default.cedar') }]);
export const shippedRunbook = (): LoadedRunbook => parseRunbook(textOf(file), file);

const now = Date.parse('2026-01-31T09:30:00.000Z');
const at = (ms: number): string => new Date(now + ms).toISOString();
const backend: Entity = {
  kind: 'backend',
  id: 'backend/4242/20260131092000123456',
  attributes: {
    pid: 4_242,
    database: 'payments',
    user: 'billing_job',
    backendType: 'client backend',
    backendStart: '2026-01-31 09:20:00.123456+00',
    xactStart: '2026-01-31 09:21:00.654321+00',
    stateChange: '2026-01-31 09:21:00.700000+00',
    state: 'idle in transaction',
    own: false,
    role: 'root',
  },
};

/** A terminate of a blocking backend at ring 2, found by a read: held for a person, after every rule has been asked. */
export function writeInputs(runbook: LoadedRunbook, organisation: OrganisationPolicies): JudgeInputs {
  const reference = { id: runbook.id, digest: runbook.digest };
  return {
    call: {
      tool: 'postgres.terminateBackend',
      args: { target: { entity: backend.id, resultHash: 'ab'.repeat(32) } },
      why: 'it blocks every other session',
    },
    runbook,
    organisation,
    limits: Limits.parse({}),
    standing: {
      v: 1,
      runbook: reference,
      seq: 7,
      at: at(-1_000),
      standing: { ring: 2, rule: 'waived', record: null, until: null, dryRunSince: null, trip: null, grants: [] },
      manifestVersion: 1,
    },
    now,
    counts: {},
    recoveryReads: {},
    runs: 1,
    unaided: { kind: 'person', why: 'nobody looked' },
    target: {
      entity: backend,
      result: {
        v: 1,
        workflowId: 'incident/alertmanager/0123456789abcdef',
        runId: '00000000-0000-4000-8000-000000000000',
        activityId: '1',
        step: { step: 0, index: 0 },
        runbook: reference,
        tool: 'postgres.blockingTree',
        args: { database: 'payments' },
        at: at(-5_000),
        data: { roots: [], waiting: 0, truncated: false },
        entities: [backend],
      },
    },
  };
}
