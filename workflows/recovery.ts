import { isCancellation, sleep } from '@temporalio/workflow';
import type { EvidenceRef, Recovery } from '../contracts/incident.ts';
import { longerPauseMs, pauseMsMin } from '../policies/recovery-pauses.ts';
import { assessRecovery, judge } from './activity-calls.ts';
import { failureCode } from './failure-code.ts';
import { type IncidentRun, settled } from './incident-run.ts';

/**
 * Reads again whether the service recovered, until it has or `settleMsMax` is over. The runbook itself asks for these
 * reads, so they do not use up its counted limits: the judges know them by what they ask for, and bound them by the
 * same pauses.
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
    pauseMs = longerPauseMs(pauseMs);
  }
}

async function assess(run: IncidentRun, step: number): Promise<Recovery> {
  const { context, recovery } = run.matched;
  const judged = await judge({ context, step, firstIndex: 0, calls: recovery.calls });
  const denied = judged.find(({ verdict }) => verdict.kind !== 'read');
  if (denied !== undefined) {
    const { rule, reason } = denied.verdict;
    return { recovered: false, detail: `a recovery read was denied: ${rule}: ${reason}` };
  }
  try {
    const reads = judged.map(({ call, step }) => run.calls.read({ context, step, call }));
    const evidence: readonly EvidenceRef[] = await settled(reads);
    return await assessRecovery({ context, evidence });
  } catch (error) {
    if (isCancellation(error)) throw error;
    return { recovered: false, detail: `a recovery read failed: ${failureCode(error)}` };
  }
}
