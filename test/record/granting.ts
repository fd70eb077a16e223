import type { ReadResult, SignedResult } from '../../contracts/evidence.ts';
import type { ReceiptRequest, SignedReceipt } from '../../contracts/receipt.ts';
import type { RecordBody } from '../../contracts/record.ts';
import { digestOf, jcs } from '../../policies/digest.ts';
import { callHash } from '../../policies/usage.ts';
import { runbookId } from '../policies/support/rules.ts';
import { earningRunbook, grantSubject, openYear, rehearseAndGrade, reversible } from './earning.ts';
import {
  begin,
  type Held,
  type HoldChange,
  hold,
  type Incident,
  outcomeOf,
  post,
  requestOf,
  resultOf,
  resume,
  sayBoth,
  waive,
} from './incident.ts';
import { dayMs, executor, type Stage, type World } from './stage.ts';

/** A runbook that lets its granted tool be used several times in an incident, and in an hour. */
export const grantedRunbook = {
  ...earningRunbook,
  tools: earningRunbook.tools.map((one) => (one.tool === reversible.name ? { ...one, perIncidentMax: 20 } : one)),
  limits: { writesPerIncidentMax: 20, writesPerHourMax: 100 },
  circuit_breaker: { consecutive: 10 },
};
/** Limits of the platform that no test of a grant runs into by chance. */
export const wide = { writesPerHourMax: 500, writesPerTargetPerHourMax: 20, breakerConsecutiveMax: 20 };

/** A stage whose runbook has earned what a grant needs, with both fences open, in ring 1. */
export async function openEarned(
  world: World,
  runbook: object = grantedRunbook,
  limits: object = wide,
): Promise<Stage> {
  const stage = await openYear(world, runbook, { limits });
  await rehearseAndGrade(stage, 10, true, reversible.name);
  stage.pass(90 * dayMs);
  await resume(stage, { kind: 'all' });
  await resume(stage, { kind: 'runbook', runbook: runbookId });
  await waive(stage, 1);
  stage.pass(5);
  return stage;
}

/** Two persons grant the tool. Answers the hash of the record. */
export const giveGrant = async (stage: Stage, change: Parameters<typeof grantSubject>[1] = {}): Promise<string> =>
  (await post(stage, ...sayBoth(stage, grantSubject(stage, change)))).hash;

export const resultBody = (
  { workflowId, runId }: Pick<Incident, 'workflowId' | 'runId'>,
  result: SignedResult,
): Extract<RecordBody, { kind: 'result' }> => {
  const { step, tool, at, entities } = result.payload;
  const bytes = jcs(result);
  const evidence = { step, tool, resultHash: digestOf(result), at, entityCount: entities.length, bytes: bytes.length };
  return { kind: 'result', workflowId, runId, evidence, call: callHash(result.payload), signer: executor.signer.as };
};

/** A read of the blocking tree, signed, stored and on the record. */
export async function look(
  stage: Stage,
  incident: Incident,
  pid = 4_711,
  change: Partial<ReadResult> = {},
): Promise<SignedResult> {
  const { payload } = resultOf(stage, incident, pid);
  const result = executor.signer.sign('result', { ...payload, ...change });
  await stage.as(executor).putBlob(jcs(result));
  await stage.as(executor).append(resultBody(incident, result));
  return result;
}

/** A write that the playbook proposes over what was just read, with its card on the record. */
export async function proposed(stage: Stage, incident: Incident, change: HoldChange = {}): Promise<Held> {
  const pid = change.pid ?? 4_711;
  const result = change.result ?? (await look(stage, incident, pid));
  return hold(stage, incident, { tool: reversible.name, ...change, pid, result });
}

/** The same in an incident of its own. */
export const proposedAnew = async (stage: Stage, change: HoldChange = {}): Promise<Held> =>
  proposed(stage, await begin(stage), change);

export const ask = (
  stage: Stage,
  held: Held,
  grant: string,
  change: Partial<ReceiptRequest> = {},
): Promise<SignedReceipt> => stage.as(executor).receipt(requestOf(held, [], { grant, ...change }));

/** Its effect went as it should. */
export const endWell = (stage: Stage, held: Held) => stage.as(executor).outcome(outcomeOf(stage, held));
