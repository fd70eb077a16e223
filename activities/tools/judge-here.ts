import { type Action, CarriedAction } from '../../contracts/action.ts';
import { codeOf, HoldpointError } from '../../contracts/errors.ts';
import type { IncidentContext } from '../../contracts/incident.ts';
import { RunbookRef } from '../../contracts/runbook.ts';
import { Sha256 } from '../../contracts/values.ts';
import type { Verdict } from '../../contracts/verdict.ts';
import { bindAction, digestOf, type Place } from '../../policies/digest.ts';
import { breakerOpenRule } from '../../policies/gate/standing.ts';
import type { CredentialQuestion } from '../identity/broker-client.ts';
import { type JudgeCallInput, type JudgedHere, judgeCall } from '../judge/judge-call.ts';
import type { ExecutorDeps } from './executor-deps.ts';
import type { Aim, Tool } from './implement.ts';

type JudgeInput = Omit<JudgeCallInput, 'planned'>;

/**
 * The executor's own judgement, from its own manifest copies, a standing fetched now and counts of the log. Throws
 * `VERDICT_NOT_HOLD` unless the verdict is one of `kinds`, `BREAKER_OPEN` where only that is why, `NOT_PERMITTED` for a runbook of another role, and what
 * `judgeCall` throws.
 */
export async function judgeHere(
  input: JudgeInput,
  kinds: readonly Verdict['kind'][],
  deps: ExecutorDeps,
): Promise<JudgedHere> {
  const context = parseContext(input.context);
  await mustHoldManifest(context.manifest, deps);
  const judged = await judgeCall({ ...input, context }, deps);
  const { role } = judged.runbook.runbook.identity;
  if (role !== deps.role)
    throw new HoldpointError('NOT_PERMITTED', `expected a runbook of role \`${deps.role}\`, got one of \`${role}\``);
  const { verdict } = judged;
  if (!kinds.includes(verdict.kind))
    throw new HoldpointError(
      verdict.rule === breakerOpenRule ? 'BREAKER_OPEN' : 'VERDICT_NOT_HOLD',
      `judged ${verdict.kind} by rule \`${verdict.rule}\`, expected ${kinds.join(' or ')}: ${verdict.reason}`,
      { rule: verdict.rule },
    );
  return judged;
}

function parseContext({ alertRef, runbook, manifest }: IncidentContext): IncidentContext {
  const parsed = [Sha256.safeParse(alertRef), RunbookRef.safeParse(runbook), Sha256.safeParse(manifest)];
  if (!parsed.every(({ success }) => success))
    throw new HoldpointError('BAD_INPUT', 'context: expected an alert, a runbook and a manifest by their digests');
  return { alertRef, runbook, manifest };
}

/** A manifest may be seconds old: this copy is read again before it is called unknown, and never believed when behind. */
async function mustHoldManifest(digest: string, { manifests, recorder }: ExecutorDeps): Promise<void> {
  try {
    manifests.require(digest);
  } catch (error) {
    if (codeOf(error) !== 'MANIFEST_UNKNOWN') throw error;
    await manifests.reload();
  }
  const { runbooks } = manifests.require(digest);
  const [any] = runbooks.values();
  if (any === undefined) throw new HoldpointError('RUNBOOK_MISMATCH', 'manifest: expected at least one runbook');
  const { payload } = await recorder.standing({ id: any.id, digest: any.digest });
  if (payload.manifestVersion > manifests.newest().version) await manifests.reload();
  manifests.mustBeAtLeast(payload.manifestVersion);
}

/** The whole action at this activity's own place. Throws `BAD_INPUT`, or `DIGEST_MISMATCH` for one minted elsewhere. */
export function bindHere(place: Place, raw: unknown, digest: string, context: IncidentContext): Action {
  const parsed = CarriedAction.safeParse(raw);
  if (!parsed.success) throw new HoldpointError('BAD_INPUT', 'action: expected a carried action');
  const action = bindAction(parsed.data, place);
  // INVARIANT: run id and namespace are this activity's own, so a Reset run cannot use an old digest.
  if (digestOf(action) !== digest)
    throw new HoldpointError('DIGEST_MISMATCH', 'expected the digest of this action at this run');
  if (action.manifest !== context.manifest || digestOf(action.runbook) !== digestOf(context.runbook))
    throw new HoldpointError(
      'RUNBOOK_MISMATCH',
      'expected the action to name the runbook and manifest of its incident',
    );
  return action;
}

/** The tool itself. Throws `TOOL_UNKNOWN` for one that this executor does not have. */
export function toolOf<K extends Tool['kind']>(name: string, kind: K, { tools }: ExecutorDeps): Tool & { kind: K } {
  const tool = tools.get(name);
  if (tool?.kind !== kind) throw new HoldpointError('TOOL_UNKNOWN', `expected a ${kind} tool, got \`${name}\``);
  return tool as Tool & { kind: K };
}

/** What the write is aimed at. Throws `INVENTORY_INVALID` unless what the action pins is what was seen. */
export function aimOf(action: Action, digest: string, { target, contract }: JudgedHere): Aim {
  if (target === null || contract === null)
    throw new HoldpointError('INVENTORY_INVALID', 'expected a target from the inventory');
  if (digestOf(contract.preconditionsOf(target.entity)) !== digestOf(action.preconditions))
    throw new HoldpointError('INVENTORY_INVALID', 'expected the preconditions that the target was seen with');
  return { target: target.entity, preconditions: action.preconditions, mark: { digest, incident: action.workflowId } };
}

/** What to ask the broker with, in order to find out what the write would do: no more than a look. */
export function predictionOf(action: Action, { target, contract }: JudgedHere): CredentialQuestion {
  if (target === null || contract === null)
    throw new HoldpointError('INVENTORY_INVALID', 'expected a target from the inventory');
  const { workflowId, runId, tool, args } = action;
  return { kind: 'predict', workflowId, runId, tool, scopes: [...contract.scopeOf(args, target.entity)] };
}
