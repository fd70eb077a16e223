import type { Ring, Standing } from '../../contracts/standing.ts';

/** One ring that persons gave. A later one may stand above it; it never stands above a later one. */
export type Given = {
  readonly ring: Ring;
  readonly rule: string;
  /** The record that gave it, which a revoke names; and the one that decided last, which a screen shows. */
  readonly givenBy: string;
  readonly decidedBy: string;
  readonly until: string | null;
};
/** The rings that one runbook digest was given and still has, and what happened to it last. */
export type Rings = { readonly given: readonly Given[]; readonly last: Pick<Standing, 'rule' | 'record'> };

export const atStart: Rings = { given: [], last: { rule: 'standing.read-only', record: null } };

/** The ring at `now` (ms), and why. A waiver ends at its `until`. INVARIANT: time alone never raises a ring. */
export function ringAt({ given, last }: Rings, now: number): Pick<Standing, 'ring' | 'rule' | 'record' | 'until'> {
  const top = inForce({ given }, now).at(-1);
  if (top !== undefined) return { ring: top.ring, rule: top.rule, record: top.decidedBy, until: top.until };
  const expired = given.at(-1);
  const why = expired === undefined ? last : { rule: 'standing.waiver-expired', record: expired.decidedBy };
  return { ring: 0, ...why, until: null };
}

/** What was given and has not ended, oldest first. Written so that a clock that answers NaN finds nothing in force. */
export const inForce = ({ given }: Pick<Rings, 'given'>, now: number): readonly Given[] =>
  given.filter(({ until }) => until === null || now < Date.parse(until));

/** The newest gift decides. One above it is superseded: else the end of this one would bring a higher ring back. */
export function give({ given, last }: Rings, ring: Ring, rule: string, hash: string, until: string | null): Rings {
  const below = given.filter((one) => one.ring <= ring);
  return { given: [...below, { ring, rule, givenBy: hash, decidedBy: hash, until }], last };
}

/** Lowers every gift above `ring` to it, by the record `hash`. */
export function lower({ given }: Rings, ring: Ring, rule: string, hash: string): Rings {
  const lowered = given.map((one) => (one.ring > ring ? { ...one, ring, rule, decidedBy: hash } : one));
  return { given: lowered.filter((one) => one.ring > 0), last: { rule, record: hash } };
}

/** Cancels a gift, and nothing else: to revoke a demotion would raise a ring, which takes a promotion. */
export function revoke(rings: Rings, record: string, hash: string): Rings {
  if (!rings.given.some(({ givenBy }) => givenBy === record)) return rings;
  const given = rings.given.filter(({ givenBy }) => givenBy !== record);
  return { given, last: { rule: 'standing.revoked', record: hash } };
}
