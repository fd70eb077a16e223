import { join } from 'node:path';
import { createManifests } from '../../../activities/identity/manifests.ts';
import { beginIncident } from '../../../activities/judge/begin-incident.ts';
import type { OrchestratorDeps } from '../../../activities/judge/deps.ts';
import { createIncidentRecords } from '../../../activities/judge/incident-records.ts';
import { judgeCalls } from '../../../activities/judge/judge-calls.ts';
import type { Page } from '../../../activities/notify/page.ts';
import { postStatements } from '../../../activities/record/client.ts';
import type { ToolCall } from '../../../contracts/action.ts';
import type { IncidentContext } from '../../../contracts/incident.ts';
import type { RecordBody } from '../../../contracts/record.ts';
import { jcs, type Place } from '../../../policies/digest.ts';
import { alertOf, decide, entityOf, hold, outcomeOf, ready, requestOf } from '../../record/incident.ts';
import {
  executor,
  freshRunId,
  freshWorkflowId,
  keys,
  openStage,
  openWorld,
  orchestrator,
  type Stage,
} from '../../record/stage.ts';
import { notifierInto } from '../../support/notifier.ts';

export type Bench = {
  readonly stage: Stage;
  readonly deps: OrchestratorDeps;
  readonly pages: Page[];
  /** False: whoever is paged cannot be reached. */
  reachable: boolean;
  place(workflowId?: string): Place;
  /** An incident that began: its place and what its activities are told. */
  begin(place?: Place): Promise<{ place: Place; context: IncidentContext }>;
  /** A signed read result of one session, stored as a blob and, if asked for, on the record. */
  read(place: Place, context: IncidentContext, recorded?: boolean): Promise<string>;
  bodies(place: Place): Promise<readonly RecordBody[]>;
  /** Loads what was published since. */
  reload(): Promise<void>;
  close(): Promise<void>;
};

export const terminate = (resultHash: string, entity = 'backend:4711'): ToolCall => ({
  tool: 'postgres.terminateBackend',
  args: { target: { entity, resultHash } },
  why: 'it blocks',
});
export const look: ToolCall = { tool: 'postgres.blockingTree', args: { database: 'payments' }, why: 'who blocks whom' };

/** The orchestrator's activities over a real recorder, called at a place that a test chooses. */
export async function openBench(): Promise<Bench> {
  const world = await openWorld();
  const stage = await openStage({ world });
  await ready(stage);
  const manifests = createManifests({ dir: join(stage.dir, 'manifests'), keys, mode: 'development', clock: stage.now });
  await manifests.reload();
  const recorder = stage.as(orchestrator);
  const pages: Page[] = [];
  const bench: Bench = {
    stage,
    pages,
    reachable: true,
    deps: {
      manifests,
      recorder,
      incidentRecords: createIncidentRecords(recorder),
      keys,
      clock: stage.now,
      notifier: notifierInto(pages, () => bench.reachable),
      postStatements: (statements) => postStatements({ url: stage.recorder.url, keys }, statements),
      bundle: 'build-1',
    },
    place: (workflowId = freshWorkflowId()) => ({ namespace: world.namespace, workflowId, runId: freshRunId() }),
    async begin(place = bench.place()) {
      const triage = await beginIncident({ alert: alertOf(stage, place.workflowId) }, place, bench.deps);
      if (triage.kind !== 'matched') throw new Error('expected a match');
      return { place, context: triage.context };
    },
    async read(place, context, recorded = false) {
      const entity = entityOf(4711);
      const signed = executor.signer.sign('result', {
        v: 1 as const,
        workflowId: place.workflowId,
        runId: place.runId,
        activityId: 'read-1',
        step: { step: 0, index: 0 },
        runbook: context.runbook,
        tool: 'postgres.blockingTree',
        args: { database: 'payments' },
        at: stage.at(),
        data: { roots: [] },
        entities: [{ ...entity, attributes: { ...entity.attributes, backendType: 'client backend', own: false } }],
      });
      const resultHash = await stage.as(executor).putBlob(jcs(signed));
      const { step, tool, at } = signed.payload;
      const evidence = { step, tool, resultHash, at, entityCount: 1, bytes: 1 };
      if (!recorded) return resultHash;
      const { workflowId, runId } = place;
      await stage.as(executor).append({ kind: 'result', workflowId, runId, evidence, signer: executor.signer.as });
      return resultHash;
    },
    bodies: async ({ workflowId }) =>
      (await recorder.records({ workflow: workflowId })).map(({ payload }) => payload.body),
    reload: () => manifests.reload(),
    async close() {
      await stage.close();
      await world.close();
    },
  };
  return bench;
}

/** Judges one call of an incident. */
export async function judgeOne(bench: Bench, at: { place: Place; context: IncidentContext }, call: ToolCall) {
  const input = { context: at.context, step: 1, firstIndex: 0, calls: [call] };
  const [judged] = await judgeCalls(input, at.place, bench.deps);
  if (judged === undefined) throw new Error('expected a verdict');
  return judged;
}

/** Another write of an incident: held, released, admitted, and ended so. */
export async function endWrite(
  { stage }: Bench,
  { place, context }: { place: Place; context: IncidentContext },
  status: 'moved' | 'failed',
): Promise<void> {
  const alert = alertOf(stage, place.workflowId);
  const written = await hold(stage, { ...place, alert, alertRef: context.alertRef, rules: stage.rules });
  stage.pass(5);
  await stage.as(executor).receipt(requestOf(written, [decide(stage, written)]));
  await stage.as(executor).outcome(outcomeOf(stage, written, { status, postcondition: null }));
}
