import type { z } from 'zod';
import { GrantCondition } from '../../contracts/statement.ts';
import { Instant, Sha256 } from '../../contracts/values.ts';
import { visible } from '../../policies/visible.ts';
import { WrongUse } from '../shell/refusal.ts';

const hourMs = 3_600_000;

/** An end: an instant, a day (its beginning, UTC), or a time from now (`12h`, `7d`). Throws `WrongUse`. */
export function expectUntil(given: string, now: number): string {
  const [, count, unit] = /^([1-9][0-9]{0,4})([hd])$/.exec(given) ?? [];
  if (count !== undefined) return new Date(now + Number(count) * (unit === 'd' ? 24 * hourMs : hourMs)).toISOString();
  const instant = Instant.safeParse(/^\d{4}-\d\d-\d\d$/.test(given) ? `${given}T00:00:00.000Z` : given);
  if (instant.success) return instant.data;
  throw new WrongUse(
    `end \`${visible(given, 60)}\`: expected 12h, 7d, 2026-01-31 or 2026-01-31T09:30:00.000Z`,
    'give one of these forms',
  );
}

/** Throws `WrongUse`. */
export function expectCount(given: string, max: number): number {
  const count = /^[0-9]{1,6}$/.test(given) ? Number(given) : 0;
  if (count >= 1 && count <= max) return count;
  throw new WrongUse(`--count \`${visible(given, 60)}\`: expected 1 to ${max}`, 'give another number');
}

/** One of these rings. Throws `WrongUse`. */
export function expectRing<R extends number>(given: string, rings: readonly R[]): R {
  const ring = rings.find((one) => String(one) === given);
  if (ring !== undefined) return ring;
  throw new WrongUse(`--ring \`${visible(given, 60)}\`: expected ${rings.join(' or ')}`, 'give one of them');
}

/** `databases=payments,billing`, once for each kind of scope. Throws `WrongUse`. */
export function expectConditions(given: readonly string[] | undefined): GrantCondition[] {
  return (given ?? []).map((text) => {
    const [scope, ...names] = text.split('=');
    const parsed = GrantCondition.safeParse({ scope, in: names.join('=').split(',') });
    if (parsed.success) return parsed.data;
    throw new WrongUse(
      `--scope \`${visible(text, 200)}\`: expected KIND=NAME,NAME`,
      'write it like databases=payments',
    );
  });
}

/** A digest or hash as it is printed, whole. Throws `WrongUse`. */
export const expectHash = (given: string, name: string): string => expect(Sha256, given, name);

function expect<T>(schema: z.ZodType<T>, given: string, name: string): T {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new WrongUse(
    `${name} \`${visible(given, 80)}\`: ${parsed.error.issues[0]?.message ?? 'expected another form'}`,
    'copy it whole from `holdpoint runbook status RUNBOOK_ID`',
  );
}
