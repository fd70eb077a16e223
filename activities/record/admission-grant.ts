import { HoldpointError } from '../../contracts/errors.ts';
import { InventoryRef } from '../../contracts/tools/contract.ts';
import type { Verdict } from '../../contracts/verdict.ts';
import { judge, stricter } from '../../policies/gate.ts';
import type { Rules } from '../../policies/manifest.ts';
import { mustBeReleasable } from '../../policies/release.ts';
import type { LoadedRunbook } from '../../policies/runbook.ts';
import { judgeUnaided, stricterLimits, type Unaided } from '../../policies/unaided.ts';
import { usageOf } from '../../policies/usage.ts';
import type { KnownAction, Release } from './admission.ts';

const notGranted = (message: string): HoldpointError => new HoldpointError('NOT_GRANTED', `receipt: ${message}`);

/**
 * Admits what no person looked at. So the recorder judges the call itself, by the whole gate and its own fold of the log,
 * and takes nobody's word: neither the workflow's nor the executor's. INVARIANT: it decides where nobody else writes, so
 * that two incidents cannot both be the last within a grant's count. Throws `NOT_GRANTED` and what `mustBeReleasable` does.
 */
export function releasedByGrant(known: KnownAction, resumedAt: number): Release {
  const { request, state, rules, newest, runbook, newestRunbook, now } = known;
  if (request.statements.length > 0) throw notGranted('expected a grant or statements of persons, got both');
  mustBeReleasable({ ...known, ...request });
  const unaided = unaidedOf(known);
  const verdict = stricter(
    verdictUnder(known, unaided, runbook, rules),
    verdictUnder(known, unaided, newestRunbook, newest),
  );
  if (verdict.kind !== 'auto' || unaided.kind !== 'proposed')
    throw notGranted(`judged ${verdict.kind} by rule \`${verdict.rule}\`, expected auto: ${verdict.reason}`);
  if (verdict.grant !== request.grant)
    throw notGranted(`expected the grant \`${verdict.grant}\`, got \`${request.grant}\``);
  if (!(unaided.decidedAt > resumedAt)) throw notGranted('its evidence was read before the last resume');
  const live = state.ledger.grants.live(runbook, now).find(({ record }) => record === verdict.grant);
  return { statements: [], decidedAt: [unaided.decidedAt], until: Date.parse(live?.until ?? '') };
}

function unaidedOf({ state, request, runbook, rules, newest, evidence, now }: KnownAction): Unaided {
  const { action, digest } = request;
  const limits = stricterLimits(rules.limits, newest.limits);
  const story = state.story(action.workflowId);
  return judgeUnaided({ story, runId: action.runId, own: digest, call: action, runbook, evidence, limits, now });
}

function verdictUnder(known: KnownAction, unaided: Unaided, edition: LoadedRunbook, rules: Rules): Verdict {
  const { state, request, now } = known;
  const { workflowId, runId, tool, args } = request.action;
  const records = state.intents.ofRun(workflowId, runId).map(({ body }) => body);
  const { id, digest } = edition;
  return judge({
    call: { tool, args, why: '' },
    runbook: edition,
    organisation: rules.organisation,
    limits: rules.limits,
    ...usageOf({ records, runbook: edition.runbook, runId, own: { kind: 'write', digest: request.digest } }),
    target: targetOf(known),
    standing: {
      v: 1,
      runbook: { id, digest },
      seq: state.link.seq,
      at: new Date(now).toISOString(),
      standing: state.ledger.standing({ id, digest }, now),
      manifestVersion: state.manifestVersion,
    },
    now,
    unaided,
  });
}

/** Null leaves the gate without a target, and a write without one is denied for its provenance. */
function targetOf({ request, evidence }: KnownAction): Parameters<typeof judge>[0]['target'] {
  const ref = InventoryRef.safeParse(request.action.args.target);
  if (!ref.success) return null;
  const result = evidence.find(({ hash }) => hash === ref.data.resultHash)?.result;
  const [entity, ...others] = result?.entities.filter(({ id }) => id === ref.data.entity) ?? [];
  return result === undefined || entity === undefined || others.length > 0 ? null : { entity, result };
}
