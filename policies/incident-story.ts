import type { ShownFinding } from '../contracts/finding.ts';
import type { RecordBody, RecordKind } from '../contracts/record.ts';
import { FoundSoFar } from './card-findings.ts';
import { callKinds } from './usage.ts';

type Body<K extends RecordKind> = Extract<RecordBody, { kind: K }>;
/** A write as the log knows it: from its card on, or from its intent. */
type Write = { readonly tool: string; attempts: number; byGrant: boolean; end: 'open' | 'well' | 'otherwise' };
/** The newest result of one call: the hash of what the executor signed. */
export type NewestRead = { readonly call: string; readonly resultHash: string };

/** The kinds of record that such a story is told by. */
export const storyKinds = ['alert', 'reset', 'card', 'finding', ...callKinds] as const satisfies readonly RecordKind[];

/**
 * What the log has of one incident, as far as it decides whether the incident may go on without a person. Orchestrator,
 * executor and recorder fold the same records and so agree. Records come in log order, and of one workflow id alone.
 */
export class IncidentStory {
  /** Every run that any of these records is of. */
  readonly runs = new Set<string>();
  /** Every write by its digest. */
  readonly writes = new Map<string, Write>();
  /** When the last write ended by its executor's clock, in ms: what was read before shows another world. */
  endedAt = Number.NEGATIVE_INFINITY;
  private readonly found = new FoundSoFar();
  /** By digest: what had been found when its card came. */
  private readonly shown = new Map<string, readonly ShownFinding[]>();
  private readonly newest = new Map<string, NewestRead>();

  apply(body: RecordBody): void {
    switch (body.kind) {
      case 'alert':
      case 'reset':
        this.runs.add(body.runId);
        break;
      case 'card':
        this.runs.add(body.runId);
        this.write(body.card.digest, body.card.action.tool);
        this.shown.set(body.card.digest, this.found.list());
        break;
      case 'finding':
        this.runs.add(body.runId);
        this.found.add(body.from, body.findings);
        break;
      case 'result':
        this.runs.add(body.runId);
        this.foldResult(body);
        break;
      case 'intent':
        this.runs.add(body.runId);
        this.foldIntent(body);
        break;
      case 'outcome':
        this.runs.add(body.runId);
        this.foldOutcome(body);
        break;
      default:
        break;
    }
  }

  /** The newest result of each call, oldest first. */
  reads(): readonly NewestRead[] {
    return [...this.newest.values()];
  }

  /** What was found in the evidence: by now, or by the time that this action got its card. */
  findings(digest?: string): readonly ShownFinding[] {
    return this.shown.get(digest ?? '') ?? this.found.list();
  }

  private write(digest: string, tool: string): Write {
    const known = this.writes.get(digest) ?? { tool, attempts: 0, byGrant: false, end: 'open' as const };
    this.writes.set(digest, known);
    return known;
  }

  /** A result that does not say of which call it is, as none does any more, is evidence of none. */
  private foldResult({ call, evidence: { resultHash } }: Body<'result'>): void {
    if (call === undefined) return;
    this.newest.delete(call);
    this.newest.set(call, { call, resultHash });
  }

  private foldIntent({ digest, request }: Body<'intent'>): void {
    const write = this.write(digest, request.action.tool);
    write.attempts += 1;
    write.byGrant = request.grant !== null;
  }

  /** INVARIANT: what once did not go well stays so, whatever is found out about it later. */
  private foldOutcome({ digest, outcome }: Body<'outcome'>): void {
    const write = this.writes.get(digest);
    const endedAt = outcome === null ? Number.POSITIVE_INFINITY : Date.parse(outcome.payload.endedAt);
    // Written so that a time that is none leaves nothing to go on.
    this.endedAt = endedAt > this.endedAt ? endedAt : Number.isNaN(endedAt) ? Number.POSITIVE_INFINITY : this.endedAt;
    if (write === undefined || write.end === 'otherwise') return;
    const went = outcome !== null && outcome.payload.status === 'done' && outcome.payload.postcondition?.held === true;
    write.end = went ? 'well' : 'otherwise';
  }
}

export function storyOf(records: readonly RecordBody[]): IncidentStory {
  const story = new IncidentStory();
  for (const body of records) story.apply(body);
  return story;
}
