import type { LiveGrant, StandingSnapshot } from '../../contracts/standing.ts';
import type { Verdict } from '../../contracts/verdict.ts';
import { boundaryOf, entryOn } from '../boundary.ts';
import { isGrantable } from '../unaided.ts';
import { deny, isWrite, type Judging, msOf, type Rule, shown, verdict } from './rule.ts';

/** How far ahead of the judge's clock the recorder's may be; further, and one of the two is wrong. */
const aheadMsMax = 2_000;
const askAgain = 'ask the recorder for a fresh standing';

const present: Rule = ({ standing }) =>
  standing === null ? deny('standing.missing', 'no signed standing of this runbook', askAgain) : null;

/** Each of the rest speaks only of a standing that is there. */
const ofStanding =
  (rule: (standing: StandingSnapshot, judging: Judging) => Verdict | null): Rule =>
  (judging) =>
    judging.standing === null ? null : rule(judging.standing, judging);

const sameRunbook = ofStanding((standing, { runbook }) =>
  standing.runbook.id === runbook.id && standing.runbook.digest === runbook.digest
    ? null
    : deny(
        'standing.other-runbook',
        `this is the standing of ${shown(standing.runbook.id)}, or of an older text`,
        askAgain,
      ),
);

const fresh = ofStanding((standing, { now, limits }) => {
  const ageMs = now - msOf(standing.at);
  if (ageMs < -aheadMsMax)
    return deny('standing.from-future', 'the standing is dated in the future', 'correct the clock that is wrong');
  // Written so that a NaN on either side denies.
  return ageMs <= limits.standingAgeMsMax ? null : deny('standing.stale', 'the standing is too old', askAgain);
});

export const standingRules: readonly Rule[] = [present, sameRunbook, fresh];

/** What a call that no rule denied comes to: a read is read; a write is held where the ring reaches its risk, or a grant releases it. */
export function permit(judging: Judging): Verdict {
  const { contract } = judging;
  if (!isWrite(judging))
    return verdict('read', 'ring.read', `${shown(contract.name)} changes nothing`, 'nothing is needed');
  const ring = ringOf(judging);
  if (isTripped(judging))
    return verdict(
      'rehearse',
      breakerOpenRule,
      'the circuit breaker is open: writes are rehearsed',
      'a signed trip-reset',
    );
  if (ring === 0)
    return verdict('rehearse', 'ring.read-only', 'the runbook is at ring 0: its writes are rehearsed', changeOf(1));
  if (ring === 1 && contract.risk !== 'low')
    return verdict(
      'rehearse',
      'ring.low-risk-only',
      'the runbook is at ring 1: high-risk writes are rehearsed',
      changeOf(2),
    );
  return released(judging) ?? held(judging);
}

function held({ contract, runbook, standing, unaided }: Judging): Verdict {
  const { groups, quorum } = runbook.runbook.approvers;
  const rule = keptForPersons(runbook, contract) ? 'boundary.require-human' : `ring.hold-${contract.risk}`;
  const granted = standing?.standing.grants.some(({ tool }) => tool === contract.name);
  const why =
    granted && unaided.kind === 'person' ? `its grant does not release this call: ${unaided.why}` : 'it is held';
  const reason = `${shown(contract.name)} is a ${contract.risk}-risk write: ${why}`;
  return verdict('hold', rule, reason, `signed statements by ${quorum} of ${groups.join(', ')}`);
}

/**
 * A release that persons granted beforehand: of one low-risk tool that can be undone, where the call meets its conditions, it
 * has neither ended nor been used up, and the playbook alone proposes the same call. Null where a person has to be asked.
 */
function released(judging: Judging): Verdict | null {
  const { contract, runbook, unaided, standing, now } = judging;
  if (unaided.kind !== 'proposed' || !isGrantable(contract) || keptForPersons(runbook, contract)) return null;
  const live = standing?.standing.grants.find(
    (one) => one.tool === contract.name && now < msOf(one.until) && one.used < one.count && meets(judging, one),
  );
  if (live === undefined) return null;
  const reason = `${shown(contract.name)} is released by a grant, used ${live.used} times of ${live.count}`;
  return { ...verdict('auto', 'ring.auto-release', reason, 'a signed revocation of the grant'), grant: live.record };
}

/** Every scope of each kind that the grant names has to be in its list, and there has to be one. */
function meets({ contract, call, target }: Judging, { conditions }: LiveGrant): boolean {
  const scopes = contract.scopeOf(call.args, target?.entity ?? null);
  return conditions.every((condition) => {
    const ofKind = scopes.filter(({ kind }) => kind === condition.scope);
    return ofKind.length > 0 && ofKind.every(({ value }) => condition.in.includes(value));
  });
}

const keptForPersons = ({ runbook }: Judging['runbook'], contract: Judging['contract']): boolean =>
  entryOn(boundaryOf(runbook).requireHuman, contract) !== null;

/** The rule of a write that would be judged otherwise, were the breaker closed. */
export const breakerOpenRule = 'breaker.open';
const isTripped = ({ standing }: Judging): boolean => standing?.standing.trip !== null;

const changeOf = (ring: 1 | 2): string => `a signed promotion or waiver to ring ${ring}`;

/** The ring now: a waiver that has run out since the snapshot was taken waives nothing. Throws for any other ring. */
export function ringOf({ standing, now }: Judging): 0 | 1 | 2 {
  if (standing === null) throw new TypeError('expected a standing');
  const { ring, until } = standing.standing;
  if (ring !== 0 && ring !== 1 && ring !== 2) throw new TypeError('expected a ring');
  return until !== null && !(now < msOf(until)) ? 0 : ring;
}
