import { codeOf, HoldpointError } from '../../contracts/errors.ts';
import type { Weighed, WeighInput } from '../../contracts/incident.ts';
import type { SignedStatement } from '../../contracts/statement.ts';
import { toolRegistry } from '../../contracts/tools/registry.ts';
import type { Place } from '../../policies/digest.ts';
import { weighForAction } from '../../policies/release.ts';
import type { VerifiedStatement } from '../../policies/statement.ts';
import type { OrchestratorDeps } from './deps.ts';
import { openIncident } from './judge-call.ts';

/**
 * Weighs one signalled statement, only to decide waiting: the executor and the recorder verify it again. Whatever is
 * wrong with it is an answer. Throws only for the incident itself, and `RECORDER_AWAY`.
 */
export async function weighStatement(
  { context, raw, hold }: WeighInput,
  place: Place,
  deps: Pick<OrchestratorDeps, 'manifests' | 'recorder' | 'keys' | 'clock' | 'postStatements'>,
): Promise<Weighed> {
  const { runbook, rules, newest } = await openIncident(place, context, deps);
  const risk = toolRegistry.get(hold.tool)?.risk;
  if (risk !== 'low' && risk !== 'high') return refused('TOOL_UNKNOWN', `no write is called \`${hold.tool}\``);
  let verified: VerifiedStatement;
  try {
    verified = weighForAction({ raw, hold, risk, runbook, rules, newest, now: deps.clock() });
  } catch (error) {
    return refused(codeOf(error), error instanceof HoldpointError ? error.message : 'an unexpected error');
  }
  const { statement, signed, hash } = verified;
  if (statement.verdict === 'reject') await recordRejection(signed, deps);
  return { kind: 'counts', verdict: statement.verdict, person: statement.person, statement: signed, hash };
}

/** A rejection ends the hold whether or not the log takes it; but while the recorder is away, its turn is waited for. */
async function recordRejection(
  signed: SignedStatement,
  { postStatements }: Pick<OrchestratorDeps, 'postStatements'>,
): Promise<void> {
  try {
    await postStatements([signed]);
  } catch (error) {
    if (codeOf(error) === 'RECORDER_AWAY') throw error;
  }
}

const refused = (code: string, reason: string): Weighed => ({ kind: 'refused', code, reason: reason.slice(0, 500) });
