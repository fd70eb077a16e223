import type { RunbookRef } from '../../contracts/runbook.ts';
import type { LiveGrant } from '../../contracts/standing.ts';
import type { Subject } from '../../contracts/statement.ts';
import { isOf } from './proposals.ts';

type GrantSubject = Extract<Subject, { type: 'grant' }>;
export type Grants = {
  give(record: string, subject: GrantSubject): void;
  /** Ends the one grant with this record, or each of a runbook digest. */
  revoke(record: string): void;
  endAll(runbook: RunbookRef): void;
  /** Counts an action once, whatever number of attempts it took. */
  use(record: string, digest: string): void;
  /** Those of a runbook digest that can still release something at `now` (ms), oldest first. */
  live(runbook: RunbookRef, now: number): LiveGrant[];
};
type Entry = { readonly subject: GrantSubject; readonly used: Set<string>; ended: boolean };

/** Grants of automatic release. INVARIANT: what was used stays used: nothing here counts down. */
export function createGrants(): Grants {
  const byRecord = new Map<string, Entry>();
  return {
    give(record, subject) {
      byRecord.set(record, { subject, used: new Set(), ended: false });
    },
    revoke(record) {
      const entry = byRecord.get(record);
      if (entry !== undefined) entry.ended = true;
    },
    endAll(runbook) {
      for (const entry of byRecord.values()) if (isOf(entry.subject.runbook, runbook)) entry.ended = true;
    },
    use(record, digest) {
      byRecord.get(record)?.used.add(digest);
    },
    live: (runbook, now) =>
      [...byRecord].flatMap(([record, { subject, used, ended }]) => {
        const { tool, conditions, until, count } = subject;
        const lives = !ended && isOf(subject.runbook, runbook) && now < Date.parse(until) && used.size < count;
        return lives ? [{ record, tool, conditions, until, count, used: used.size }] : [];
      }),
  };
}
