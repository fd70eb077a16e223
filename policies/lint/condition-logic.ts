import type { z } from 'zod';
import type { AttributeTest, Condition, EntityTest } from '../../contracts/runbook.ts';
import { passes } from '../playbook.ts';

type Atom = Exclude<Condition, { readonly all: unknown }>;
type Test = z.infer<typeof EntityTest>;

const atomsOf = (condition: Condition): readonly Atom[] =>
  'all' in condition ? condition.all.flatMap(atomsOf) : [condition];

/**
 * Whether `narrow` can hold only where `wide` holds too, whatever was read. SOUND, not complete: true is certain, false says
 * nothing. It follows `evaluateCondition`, for which a test over what cannot be known does not hold.
 */
export const implies = (narrow: Condition, wide: Condition): boolean =>
  atomsOf(wide).every((wanted) => atomsOf(narrow).some((given) => atomImplies(given, wanted)));

function atomImplies(given: Atom, wanted: Atom): boolean {
  if ('missing' in wanted) return 'missing' in given && given.missing === wanted.missing;
  if ('after' in wanted) return 'after' in given && given.after === wanted.after;
  if ('atLeast' in wanted) {
    const found = lowerBound(given);
    return found !== null && found.count >= wanted.atLeast && isWithin(found.test, wanted.entity);
  }
  // These two also need every attribute that they test to be there: only a test of the same attributes promises that.
  if ('none' in wanted)
    return 'none' in given && sameAttributes(given.none, wanted.none) && isWithin(wanted.none, given.none);
  return (
    'exactly' in given &&
    given.exactly === wanted.exactly &&
    isWithin(given.entity, wanted.entity) &&
    isWithin(wanted.entity, given.entity)
  );
}

/** Why a condition can never hold; null where that is not certain. `never` are tools that are never executed. */
export function neverHolds(condition: Condition, never: (tool: string) => boolean): string | null {
  const atoms = atomsOf(condition);
  for (const atom of atoms) {
    if ('after' in atom && never(atom.after)) return `\`${atom.after}\` is never executed under this runbook`;
    const test = testOf(atom);
    if (test !== null && atoms.some((other) => 'missing' in other && other.missing === test.from))
      return `\`missing: ${test.from}\` holds only while there is no result of it to test`;
    const most = upperBound(atom);
    if (most === null) continue;
    const more = atoms.map(lowerBound).find((least) => least !== null && exceeds(least, most));
    if (more != null) return `at least ${more.count} \`${more.test.kind}\` and at most ${most.count} cannot both be`;
  }
  return null;
}

type Bound = { readonly test: Test; readonly count: number };
const exceeds = (least: Bound, most: Bound): boolean => least.count > most.count && isWithin(least.test, most.test);

function lowerBound(atom: Atom): Bound | null {
  if ('exactly' in atom) return { test: atom.entity, count: atom.exactly };
  return 'atLeast' in atom ? { test: atom.entity, count: atom.atLeast } : null;
}
function upperBound(atom: Atom): Bound | null {
  if ('exactly' in atom) return { test: atom.entity, count: atom.exactly };
  return 'none' in atom ? { test: atom.none, count: 0 } : null;
}
const testOf = (atom: Atom): Test | null => ('none' in atom ? atom.none : 'entity' in atom ? atom.entity : null);

const sameAttributes = (a: Test, b: Test): boolean =>
  Object.keys(a.where).sort().join('\n') === Object.keys(b.where).sort().join('\n');

/** Whether every entity that passes `inner` passes `outer`. */
function isWithin(inner: Test, outer: Test): boolean {
  if (inner.from !== outer.from || inner.kind !== outer.kind) return false;
  return Object.entries(outer.where).every(([name, wanted]) => {
    const given = Object.hasOwn(inner.where, name) ? inner.where[name] : undefined;
    return given !== undefined && isNarrower(given, wanted);
  });
}

type Attribute = z.infer<typeof AttributeTest>;
function isNarrower(given: Attribute, wanted: Attribute): boolean {
  const listed = given.eq !== undefined ? [given.eq] : given.in;
  if (listed !== undefined)
    return listed.filter((value) => passes(value, given)).every((value) => passes(value, wanted));
  if (wanted.eq !== undefined || wanted.in !== undefined) return false;
  const above = wanted.gte === undefined || (given.gte !== undefined && given.gte >= wanted.gte);
  const below = wanted.lte === undefined || (given.lte !== undefined && given.lte <= wanted.lte);
  return above && below;
}
