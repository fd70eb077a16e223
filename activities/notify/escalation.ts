import type { Manifests } from '../identity/manifests.ts';

/** What a runbook says under `escalation.page` by the newest rules. Never throws: without rules a page still goes to somebody. */
export function escalationOf(manifests: Pick<Manifests, 'newest'>, runbookId: string | null): string | null {
  if (runbookId === null) return null;
  try {
    return manifests.newest().runbooks.get(runbookId)?.runbook.escalation.page ?? null;
  } catch {
    return null;
  }
}
