import type { Runbook } from '../../contracts/runbook.ts';

type Match = Runbook['match'];
type Values = readonly string[];
export type Overlap = {
  /** `same`: every alert that the first matches, the second matches too. `some`: there may be such alerts. */
  readonly kind: 'same' | 'some';
  /** Labels of an alert that both match. */
  readonly labels: Readonly<Record<string, string>>;
};

/** Whether there are alerts that two runbooks match, which then start neither; null when no alert can be such. */
export function overlapOf(first: Match, second: Match): Overlap | null {
  if (first.source !== undefined && second.source !== undefined && common(first.source, second.source).length === 0)
    return null;
  const labels: Record<string, string> = {};
  for (const name of new Set([...Object.keys(first.labels), ...Object.keys(second.labels)])) {
    const [value] = common(valuesOf(first, name), valuesOf(second, name));
    if (value === undefined) return null;
    labels[name] = value;
  }
  return { kind: isWithin(first, second) ? 'same' : 'some', labels };
}

/** Null stands for any value: the match does not name the label. */
function valuesOf({ labels }: Match, name: string): Values | null {
  const wanted = Object.hasOwn(labels, name) ? labels[name] : undefined;
  if (wanted === undefined) return null;
  return typeof wanted === 'string' ? [wanted] : wanted;
}
const common = (a: Values | null, b: Values | null): Values =>
  a === null ? (b ?? []) : b === null ? a : a.filter((value) => b.includes(value));

const isSubset = (inner: Values | null, outer: Values | null): boolean =>
  outer === null || inner?.every((value) => outer.includes(value)) === true;

const isWithin = (inner: Match, outer: Match): boolean =>
  isSubset(inner.source ?? null, outer.source ?? null) &&
  Object.keys(outer.labels).every((name) => isSubset(valuesOf(inner, name), valuesOf(outer, name)));
