import type { Attestation } from '../../contracts/attestation.ts';
import type { LogRecord, RecordBody } from '../../contracts/record.ts';
import type { RunbookRef } from '../../contracts/runbook.ts';
import type { Ring, Standing } from '../../contracts/standing.ts';
import type { Subject } from '../../contracts/statement.ts';
import { digestOf } from '../digest.ts';
import { createGrants } from './grants.ts';
import { createProposals, isOf } from './proposals.ts';
import { atStart, give, inForce, lower, type Rings, revoke, ringAt } from './rings.ts';
import { createTrips } from './trips.ts';
import { type When, Writes } from './writes.ts';

type Body<K extends RecordBody['kind']> = Extract<RecordBody, { kind: K }>;
type Shown = Pick<Body<'card'>, 'card' | 'cardDigest'>;
/** What one runbook digest has earned. `since`: the record that demoted it for what came of it; it earns anew from there. */
type Earned = { rings: Rings; dryRunSince: string | null; since: number };
/** The runbook that the alert of an incident matched, and the manifest under which it did. */
export type Matched = { readonly runbook: RunbookRef; readonly manifest: string };
/** A record that took power away: a decision that is older than it no longer counts. `runbookId` null means all. */
export type Lowered = { readonly seq: number; readonly at: number; readonly runbookId: string | null };
type Entry = When & { readonly hash: string; readonly by: string; readonly instant: string };

/** The kinds of record that standing is folded from. */
export const ledgerKinds: ReadonlySet<RecordBody['kind']> = new Set([
  'alert',
  'card',
  'verdict',
  'refusal',
  'intent',
  'outcome',
  'standing',
  'attestation',
]);

/** Rules that no ring, statement or flag gets past. */
const forbidding = /^(floor|never-allow)\.|^boundary\.never-allow$/;

/**
 * Where every runbook stands, as a fold over the log's records and nothing else: no clock, no I/O, no process that could
 * forget. What a body says was verified before it was appended; a signed statement counts once, wherever it is found again.
 */
export class Ledger {
  readonly proposals = createProposals();
  readonly writes = new Writes();
  readonly grants = createGrants();
  readonly trips = createTrips();
  /** Preflight attestations by their hash, oldest first. */
  readonly attestations = new Map<string, Attestation>();
  private readonly gifts = new Map<string, RunbookRef>();
  private readonly earned = new Map<string, Earned>();
  private readonly incidents = new Map<string, Matched[]>();
  private readonly used = new Set<string>();
  private readonly lowered: Lowered[] = [];

  /** Folds one more record in; records come in the order of their numbers. `hash`: the hash of the signed record. */
  apply({ seq, at, by, body }: LogRecord, hash: string): void {
    const entry: Entry = { seq, at: Date.parse(at), hash, by, instant: at };
    switch (body.kind) {
      case 'alert':
        this.foldAlert(body);
        break;
      case 'card':
        this.foldShown('held', body, entry);
        break;
      case 'verdict':
        this.foldVerdict(body, entry);
        break;
      case 'refusal':
        this.foldRefusal(body, entry);
        break;
      case 'intent':
        if (body.request.grant !== null) this.grants.use(body.request.grant, body.digest);
        this.writes.begin(body, entry);
        break;
      case 'outcome':
        this.foldOutcome(body, entry);
        break;
      case 'standing':
        this.foldStanding(body, entry);
        break;
      case 'attestation':
        this.attestations.set(body.hash, body.attestation.payload);
        break;
      default:
        break;
    }
  }

  /** Where a runbook digest stands at `now` (ms). */
  standing(runbook: RunbookRef, now: number): Standing {
    const { rings, dryRunSince } = this.of(runbook);
    const trip = this.trips.of(runbook.id);
    const open = trip === null ? null : ({ ring: 0, rule: 'breaker.open', record: trip.record, until: null } as const);
    return { ...(open ?? ringAt(rings, now)), dryRunSince, trip, grants: this.grants.live(runbook, now) };
  }

  /** The rings that persons gave a runbook digest and that are in force at `now` (ms), each by the record that gave it. */
  given(runbook: RunbookRef, now: number): { record: string; ring: Ring; rule: string; until: string | null }[] {
    return inForce(this.of(runbook).rings, now).map(({ givenBy, ring, rule, until }) => ({
      record: givenBy,
      ring,
      rule,
      until,
    }));
  }

  /** From which record on a runbook digest earns: what came before was lost with a demotion. */
  earnsSince(runbook: RunbookRef): number {
    return this.of(runbook).since;
  }

  /** The first record at or after `at` (ms) that took power away from a runbook. */
  loweredSince(runbookId: string, at: number): Lowered | null {
    return this.lowered.find((one) => (one.runbookId ?? runbookId) === runbookId && one.at >= at) ?? null;
  }

  /** What the newest alert of an incident matched. */
  incident(workflowId: string): Matched | null {
    return this.incidents.get(workflowId)?.at(-1) ?? null;
  }

  /** The runbook that the waiver, promotion or grant with this record was given to. */
  gift(record: string): RunbookRef | null {
    return this.gifts.get(record) ?? null;
  }

  private of({ id, digest }: RunbookRef): Earned {
    const key = `${id} ${digest}`;
    const known = this.earned.get(key) ?? { rings: atStart, dryRunSince: null, since: -1 };
    this.earned.set(key, known);
    return known;
  }

  private foldAlert({ workflowId, runbook, manifest }: Body<'alert'>): void {
    if (runbook === null) return;
    this.incidents.set(workflowId, [...(this.incidents.get(workflowId) ?? []), { runbook, manifest }]);
  }

  /** Only in an incident that the gateway vouched for: nobody earns a ring by alerts of their own. */
  private foldShown(kind: 'held' | 'rehearsed', shown: Shown, { seq, instant }: Entry): void {
    const { runbook, workflowId } = shown.card.action;
    if (this.incidents.get(workflowId)?.some((one) => isOf(one.runbook, runbook)) !== true) return;
    this.proposals.offer(kind, shown, seq, instant);
    if (kind === 'rehearsed') this.of(runbook).dryRunSince ??= instant;
  }

  private foldVerdict({ rehearsal, verdict, workflowId, tool }: Body<'verdict'>, entry: Entry): void {
    if (rehearsal !== null) this.foldShown('rehearsed', rehearsal, entry);
    const matched = this.incident(workflowId);
    if (verdict.kind === 'deny' && matched !== null)
      this.writes.deny(matched.runbook.id, `${workflowId} ${tool} ${verdict.rule}`, entry);
  }

  /** A policy hit: what must never run had been offered for release, and was stopped at the last door. */
  private foldRefusal({ digest, rule }: Body<'refusal'>, entry: Entry): void {
    const offered = digest === null ? null : this.proposals.of(digest);
    if (offered?.kind !== 'held' || rule === undefined || !forbidding.test(rule)) return;
    if (entry.by === offered.executor || entry.by === 'recorder')
      this.demote(offered.runbook, 'standing.demoted-policy-hit', entry);
  }

  private foldOutcome(body: Body<'outcome'>, entry: Entry): void {
    const write = this.writes.of(body.digest);
    if (this.writes.end(body, entry) && write !== null)
      this.demote(write.runbook, 'standing.demoted-postcondition', entry);
  }

  private foldStanding(body: Body<'standing'>, { seq, at, hash }: Entry): void {
    if (body.trip !== undefined) {
      const runbook = body.trip.scope === 'all' ? null : body.runbook;
      this.trips.open(runbook, body.trip, hash);
      this.lowered.push({ seq, at, runbookId: runbook?.id ?? null });
      return;
    }
    const subject = subjectOf(body, this.used);
    if (subject !== null) this.change(subject, body, { seq, at, hash });
  }

  private change(subject: Subject, { statements, runbook }: Body<'standing'>, entry: When & { hash: string }): void {
    switch (subject.type) {
      case 'waive':
        this.give(subject.runbook, subject.ring, 'standing.waived', entry.hash, subject.until);
        break;
      case 'promote':
        this.give(subject.runbook, subject.ring, 'standing.promoted', entry.hash, null);
        break;
      case 'demote':
        this.lowerTo(subject.runbook, subject.ring, 'standing.demoted', entry);
        break;
      case 'revoke':
        this.grants.revoke(subject.record);
        for (const one of this.earned.values()) one.rings = revoke(one.rings, subject.record, entry.hash);
        if (runbook !== null) this.lowered.push({ seq: entry.seq, at: entry.at, runbookId: runbook.id });
        break;
      case 'grade':
        for (const { statement } of statements)
          this.proposals.grade(subject.proposal, { person: statement.person, correct: subject.correct });
        break;
      case 'grant':
        this.grants.give(entry.hash, subject);
        this.gifts.set(entry.hash, subject.runbook);
        break;
      case 'trip-reset':
        this.trips.reset(subject.record, entry.seq);
        break;
      case 'action':
      case 'resume':
        break;
    }
  }

  private give(runbook: RunbookRef, ring: Ring, rule: string, hash: string, until: string | null): void {
    const one = this.of(runbook);
    one.rings = give(one.rings, ring, rule, hash, until);
    this.gifts.set(hash, runbook);
  }

  private lowerTo(runbook: RunbookRef, ring: Ring, rule: string, { hash, seq, at }: When & { hash: string }): void {
    const one = this.of(runbook);
    one.rings = lower(one.rings, ring, rule, hash);
    if (ring === 0) this.grants.endAll(runbook);
    this.lowered.push({ seq, at, runbookId: runbook.id });
  }

  /** By what came of its writes, not by a person: the runbook begins its dry run again. */
  private demote(runbook: RunbookRef, rule: string, entry: Entry): void {
    this.lowerTo(runbook, 0, rule, entry);
    Object.assign(this.of(runbook), { dryRunSince: null, since: entry.seq });
  }
}

/**
 * The one subject that a change is about, if persons all approved that and none of their statements was used before: one
 * found in two records was replayed, and the second record changes nothing. Marks them as used.
 */
function subjectOf({ change, statements }: Body<'standing'>, used: Set<string>): Subject | null {
  const hashes = statements.map(({ statement }) => digestOf(statement));
  const replayed = hashes.some((hash) => used.has(hash));
  for (const hash of hashes) used.add(hash);
  const subject = statements[0]?.statement.subject;
  if (subject === undefined || replayed || subject.type !== change) return null;
  const whole = statements.every(
    ({ statement }) => statement.verdict === 'approve' && digestOf(statement.subject) === digestOf(subject),
  );
  return whole ? subject : null;
}
