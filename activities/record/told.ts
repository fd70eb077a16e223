import type { Told } from '../../contracts/governor.ts';
import { reportEntriesMax } from '../../contracts/governor.ts';
import { GovernorAbout } from '../../contracts/page.ts';
import type { LogRecord, RecordBody } from '../../contracts/record.ts';

type Page = Extract<RecordBody, { kind: 'page' }>;
export type Matters = {
  apply(record: LogRecord): void;
  /** The last telling of each matter that the governor of a runbook goes by, newest first. */
  of(runbook: string): Told[];
  /** The record of a page that says what this one says: of the same matter, after the same telling; null when there is none. */
  same(body: RecordBody): number | null;
};

/** More matters than this are not kept apart: of the one told of longest ago, people may be told again. */
const mattersMax = 10_000;

/**
 * What governors told people of, from the pages on record. A governor remembers nothing itself, so that no restart, Reset or
 * new bundle of it pages twice.
 */
export function createMatters(): Matters {
  const byScope = new Map<string, Told & { readonly runbook: string }>();
  return {
    apply({ seq, at, body }) {
      const about = body.kind === 'page' && body.matter !== undefined ? GovernorAbout.safeParse(body.about) : null;
      if (about?.success !== true) return;
      const { runbook, scope } = (body as Page & { matter: { runbook: string; scope: string } }).matter;
      byScope.delete(scope);
      byScope.set(scope, { scope, about: about.data, seq, at, runbook });
      const oldest = byScope.keys().next();
      if (byScope.size > mattersMax && oldest.done === false) byScope.delete(oldest.value);
    },
    of: (id) =>
      [...byScope.values()]
        .filter(({ runbook, scope }) => runbook === id || scope === 'breaker/all')
        .slice(-reportEntriesMax)
        .reverse()
        .map(({ scope, about, seq, at }) => ({ scope, about, seq, at })),
    same(body) {
      if (body.kind !== 'page' || body.matter === undefined) return null;
      const last = byScope.get(body.matter.scope);
      return last === undefined || last.seq === body.matter.after ? null : last.seq;
    },
  };
}
