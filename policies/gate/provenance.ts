import { type Entity, InventoryRef } from '../../contracts/tools/contract.ts';
import { toolRegistry } from '../../contracts/tools/registry.ts';
import { jcs } from '../digest.ts';
import { deny, type Judging, msOf, type Rule, shown } from './rule.ts';

const readAgain = 'read again and aim at an entity of that result';

/** A write's target is an entity that a signed read found, never text; a read has none. */
const present: Rule = ({ contract, target }) =>
  contract.targetKind !== null && target === null
    ? deny('provenance.missing', `${shown(contract.name)} needs a target that a signed read found`, readAgain)
    : null;

/** Each of the rest speaks only of a write that has its target. */
const ofTarget =
  (rule: (target: NonNullable<Judging['target']>, judging: Judging) => ReturnType<Rule>): Rule =>
  (judging) =>
    judging.contract.targetKind === null || judging.target === null ? null : rule(judging.target, judging);

const rightKind = ofTarget(({ entity }, { contract }) =>
  entity.kind === contract.targetKind
    ? null
    : deny('provenance.wrong-kind', `expected a ${contract.targetKind}, got ${shown(entity.kind)}`, readAgain),
);

const namedByCall = ofTarget(({ entity }, { call }) => {
  const ref = InventoryRef.safeParse(call.args.target);
  return ref.success && ref.data.entity === entity.id
    ? null
    : deny('provenance.wrong-entity', `expected the entity that the call names, got ${shown(entity.id)}`, readAgain);
});

const found = ofTarget(({ entity, result }) =>
  toolRegistry.get(result.tool)?.risk === 'read' && result.entities.some((one) => isSame(one, entity))
    ? null
    : deny('provenance.not-in-result', `no read found ${shown(entity.id)} as it is described`, readAgain),
);

const isSame = (one: Entity, other: Entity): boolean =>
  one === other || (one.id === other.id && jcs(one) === jcs(other));

const sameRunbook = ofTarget(({ result }, { runbook }) =>
  result.runbook.id === runbook.id && result.runbook.digest === runbook.digest
    ? null
    : deny('provenance.other-runbook', `the read was made under ${shown(result.runbook.id)}`, readAgain),
);

/** Older than the longest wait for a release: nobody can have been shown this as the state of things. */
const fresh = ofTarget(({ result }, { now, limits }) => {
  const ageMs = finite(now) - msOf(result.at);
  if (ageMs < -finite(limits.statementAheadMsMax))
    return deny('provenance.from-future', 'the read is dated in the future', 'correct the clock of the executor');
  return ageMs <= finite(limits.approvalWaitMsMax) ? null : deny('provenance.stale', 'the read is too old', readAgain);
});

/** What the approver saw must be pinned, or a process id that was used again could be hit. */
const pinned = ofTarget(({ entity }, { contract }) => {
  const { pid, backendStart } = entity.attributes;
  const whole = entity.kind !== 'backend' || (isPid(pid) && typeof backendStart === 'string' && backendStart !== '');
  const values = Object.values(contract.preconditionsOf(entity));
  return whole && values.length > 0 && !values.includes('undefined')
    ? null
    : deny('provenance.unpinned', `${shown(entity.id)} lacks what tells it from a later one`, readAgain);
});

const isPid = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) > 0;
function finite(value: number): number {
  if (!Number.isFinite(value)) throw new TypeError('expected a finite number');
  return value;
}

export const provenanceRules: readonly Rule[] = [present, rightKind, namedByCall, found, sameRunbook, fresh, pinned];
