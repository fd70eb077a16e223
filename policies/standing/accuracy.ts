/** The normal quantile of a two-sided 95 % interval. */
export const z = 1.96;

/**
 * The lower end of the Wilson score interval of a proportion (E. B. Wilson, "Probable inference, the law of succession, and
 * statistical inference", Journal of the American Statistical Association 22, 1927), at z = 1.96. Few trials prove little:
 * none prove nothing. Throws `TypeError` for what are no counts.
 */
export function wilsonLowerBound(correct: number, trials: number): number {
  const areCounts = Number.isSafeInteger(correct) && Number.isSafeInteger(trials) && correct >= 0 && correct <= trials;
  if (!areCounts) throw new TypeError('expected two counts, the first at most the second');
  if (trials === 0) return 0;
  const p = correct / trials;
  const z2 = z * z;
  const centre = p + z2 / (2 * trials);
  const margin = z * Math.sqrt((p * (1 - p)) / trials + z2 / (4 * trials * trials));
  return Math.max(0, (centre - margin) / (1 + z2 / trials));
}
