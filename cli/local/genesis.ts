import { postStatements } from '../../activities/record/client.ts';
import type { PinnedKeys } from '../../contracts/config.ts';
import type { FenceScope } from '../../contracts/queues.ts';
import { fenceId } from '../../contracts/queues.ts';
import type { Appended } from '../../contracts/recorder-api.ts';
import type { RunbookRef } from '../../contracts/runbook.ts';
import type { Subject } from '../../contracts/statement.ts';
import { readArchive } from '../connect/archive.ts';
import { openFence } from '../connect/fence.ts';
import type { Temporal } from '../connect/temporal.ts';
import { newStatement } from '../statements/new-statement.ts';
import { signWithSsh } from '../statements/ssh-sign.ts';
import type { Approver } from './approver.ts';

export type Resumed = { readonly scope: string; readonly record: number };
export type GenesisDeps = {
  readonly temporal: Pick<Temporal, 'client'>;
  readonly recorderUrl: string;
  readonly archiveDir: string;
  readonly keys: PinnedKeys;
  readonly approver: Approver;
  /** Says whose key it is; it goes into the record. */
  readonly reason: string;
};

/**
 * Opens each scope for the first time, and never again: a scope that the log has seen resumed once and that is stopped now
 * was stopped by somebody, and only a person resumes it.
 */
export async function resumeForTheFirstTime(deps: GenesisDeps, runbookIds: readonly string[]): Promise<Resumed[]> {
  const scopes: FenceScope[] = [
    { kind: 'all' },
    ...runbookIds.map((runbook) => ({ kind: 'runbook' as const, runbook })),
  ];
  const known = await scopesEverResumed(deps);
  const resumed: Resumed[] = [];
  for (const scope of scopes.filter((one) => !known.has(fenceId(one)))) {
    const fenceRunId = await openFence(deps.temporal, scope);
    const { seq } = await signAndPost(deps, { type: 'resume', scope: { ...scope }, fenceRunId });
    resumed.push({ scope: fenceId(scope), record: seq });
  }
  return resumed;
}

/** Waives the dry run of one runbook text, in the open: a signed statement in the record, with an end. */
export async function waiveDryRun(deps: GenesisDeps, runbook: RunbookRef, ring: 1 | 2, until: string): Promise<number> {
  const conditions = ['dry_run_days' as const, 'graded_proposals' as const, 'accuracy' as const, 'preflight' as const];
  const { id, digest } = runbook;
  const { seq } = await signAndPost(deps, { type: 'waive', runbook: { id, digest }, ring, conditions, until });
  return seq;
}

async function signAndPost({ approver, reason, recorderUrl, keys }: GenesisDeps, subject: Subject): Promise<Appended> {
  const act = { subject, verdict: 'approve', cardDigest: null, reason, person: approver.person } as const;
  return postStatements({ url: recorderUrl, keys }, [
    await signWithSsh(newStatement(act, Date.now()), approver.keyFile),
  ]);
}

async function scopesEverResumed({ archiveDir, keys }: GenesisDeps): Promise<ReadonlySet<string>> {
  const seen = new Set<string>();
  for await (const { payload } of readArchive(archiveDir, keys))
    if (payload.body.kind === 'resume') seen.add(payload.body.scope);
  return seen;
}
