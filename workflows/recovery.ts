import { isCancellation, sleep } from '@temporalio/workflow';
import type { EvidenceRef, Recovery } from '../contracts/incident.ts';
import { assessRecovery, judge } from './activity-calls.ts';
import { failureCode } from './failure-code.ts';
import { type IncidentRun, settled } from './incident-run.ts';

const pauseMsMin = 1_000;
const pauseMsMax = 60_000;

/**
 * Reads again whether the service recovered, until it has or `settleMsMax` is over. The runbook itself asks for these
 * reads, and the pauses bound them, so they do not use up its counted limits.
 */
export async function verifyRecovery(run: IncidentRun, firstStep: number): Promise<Recovery> {
  const { settleMsMax } = run.matched.recovery;
  const until = Date.now() + settleMsMax;
  let pauseMs = pauseMsMin;
  for (let step = firstStep; ; step++) {
    const recovery = await assess(run, step);
    const leftMs = until - Date.now();
    if (recovery.recovered || leftMs <= 0) return recovery;
    await sleep(Math.min(pauseMs, leftMs), { summary: 'let the service settle' });
    pauseMs = Math.min(pauseMs * 2, pauseMsMax);
  }
}

async function assess(run: IncidentRun, step: number): Promise<Recovery> {
  const { context, recovery } = run.matched;
  const judged = await judge({ context, step, firstIndex: 0, calls: recovery.calls, counts: {} });
  const denied = judged.find(({ verdict }) => verdict.kind !== 'read');
  if (denied !== undefined) return { recovered: false, detail: `a recovery read was denied: ${denied.verdict.rule}` };
  try {
    const reads = judged.map(({ call, step }) => run.calls.read({ context, step, call }));
    const evidence: readonly EvidenceRef[] = await settled(reads);
    return await assessRecovery({ context, evidence });
  } catch (error) {
    if (isCancellation(error)) throw error;
    return { recovered: false, detail: `a recovery read failed: ${failureCode(error)}` };
  }
}
