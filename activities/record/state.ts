import { HoldpointError } from '../../contracts/errors.ts';
import type { LogRecord, RecordBody, RecordKind, SignedRecord } from '../../contracts/record.ts';
import type { Appended } from '../../contracts/recorder-api.ts';
import { digestOf } from '../../policies/digest.ts';
import { IncidentStory } from '../../policies/incident-story.ts';
import { Ledger } from '../../policies/standing/ledger.ts';
import { statementHash } from '../../policies/statement.ts';
import type { Link } from './chain.ts';
import { genesis } from './chain.ts';
import { createHolds } from './holds.ts';
import type { IntentEntry } from './intents.ts';
import { createIntents } from './intents.ts';
import type { RunEntry } from './runs.ts';
import { createRuns } from './runs.ts';
import { createMatters } from './told.ts';

type Body<K extends RecordKind> = Extract<RecordBody, { kind: K }>;
export type BoundFence = { readonly runId: string; readonly resumedAt: number; readonly seq: number };
export type Cut = {
  readonly seq: number;
  readonly at: number;
  readonly scope: string;
  readonly fenceRunId: string | null;
};
/** `at`: when the card was recorded, in ms. */
export type CardEntry = { readonly cardDigest: string; readonly body: Body<'card'>; readonly at: number };
export type Spent = { readonly seq: number; readonly hash: string };
export type { IntentEntry, RunEntry };

/**
 * Everything the recorder decides by, folded from the log's records one by one and from nothing else: an auditor who folds
 * the same records has the same state. What a body says was checked before it was appended; here it is only counted.
 */
export class LogState {
  link: Link = genesis;
  /** Highest manifest version that the log has seen. */
  manifestVersion = 0;
  readonly intents = createIntents();
  readonly runs = createRuns();
  readonly holds = createHolds();
  /** What governors told people of. */
  readonly matters = createMatters();
  /** Cards by action digest: a digest has one card. */
  readonly cards = new Map<string, CardEntry>();
  /** Digests of actions that were rehearsed: none of them can be released. */
  readonly rehearsals = new Set<string>();
  /** Alert references by workflow id. */
  readonly alerts = new Map<string, Set<string>>();
  /** Digests of actions that a person rejected. */
  readonly rejected = new Map<string, number>();
  readonly manifests = new Map<string, Body<'manifest'>>();
  /** What was found in evidence, by the hash of what was signed. */
  readonly findings = new Map<string, Body<'finding'>['findings']>();
  /** Where every runbook stands. */
  readonly ledger = new Ledger();
  /** What decides, by workflow id, whether an incident may go on without a person. */
  private readonly stories = new Map<string, IncidentStory>();
  readonly kills: Cut[] = [];
  /** Records about which a person is still to be told. */
  readonly untold = new Map<number, LogRecord>();
  /** Demotions and revocations. */
  private readonly cardDigests = new Set<string>();
  /** Scopes that were stopped and not resumed since. */
  private readonly stopped = new Set<string>();
  private readonly bound = new Map<string, BoundFence>();
  private readonly boundRuns = new Map<string, number>();
  private readonly spent = new Map<string, number>();
  private readonly nonces = new Map<string, Spent>();
  private readonly changes = new Map<string, number>();
  private readonly bodies = new Map<string, number>();
  private readonly hashes: string[] = [];
  private readonly times: string[] = [];
  private readonly kinds: RecordKind[] = [];

  /** Folds one more record in. Only `log.ts` and the verifier call it, after the record was checked and is durable. */
  apply(record: SignedRecord, link: Link): void {
    const { payload } = record;
    this.link = link;
    this.hashes.push(link.hash);
    this.times.push(payload.at);
    this.kinds.push(payload.body.kind);
    this.runs.apply(payload);
    this.holds.apply(payload);
    this.matters.apply(payload);
    if (isOnce(payload.body)) this.bodies.set(digestOf(payload.body), payload.seq);
    this.ledger.apply(payload, link.hash);
    this.foldStory(payload.body);
    this.fold(payload, link);
  }

  /** What the log has of one incident; of one that it does not know, nothing. */
  story(workflowId: string): IncidentStory {
    return this.stories.get(workflowId) ?? new IncidentStory();
  }

  /** The fence run that the log binds to a resume for this scope; null means stopped. */
  fence(scopeId: string): BoundFence | null {
    return this.bound.get(scopeId) ?? null;
  }

  boundScopes(): [string, BoundFence][] {
    return [...this.bound];
  }

  /** The record that bound this fence run, ever: a run is bound once, and never again after a kill. */
  boundOnce(fenceRunId: string): number | null {
    return this.boundRuns.get(fenceRunId) ?? null;
  }

  /** The first record that carries this statement. */
  statementSeq(hash: string): number | null {
    return this.spent.get(hash) ?? null;
  }

  /** The statement in which this person used this nonce before. */
  nonceUse(person: string, nonce: string): Spent | null {
    return this.nonces.get(`${person} ${nonce}`) ?? null;
  }

  /** The record that says what this body says, for bodies that are appended once: the answer to a retry. */
  sameBody(body: RecordBody): number | null {
    return isOnce(body) ? (this.bodies.get(digestOf(body)) ?? null) : this.matters.same(body);
  }

  /** True for the digest of a card that the log holds. */
  isCard(cardDigest: string): boolean {
    return this.cardDigests.has(cardDigest);
  }

  hashAt(seq: number): string | null {
    return this.hashes[seq] ?? null;
  }

  /** What was answered when this record was appended. Throws `NOT_FOUND`. */
  appendedAt(seq: number): Appended {
    const [hash, at] = [this.hashes[seq], this.times[seq]];
    if (hash === undefined || at === undefined)
      throw new HoldpointError('NOT_FOUND', `record ${seq} is not in the log`);
    return { seq, hash, at };
  }

  kindAt(seq: number): RecordKind | null {
    return this.kinds[seq] ?? null;
  }

  /** The change of standing whose record has this hash. */
  changeSeq(hash: string): number | null {
    return this.changes.get(hash) ?? null;
  }

  private fold(payload: LogRecord, link: Link): void {
    const { body, seq } = payload;
    switch (body.kind) {
      case 'alert':
        this.alertsOf(body.workflowId).add(body.alertRef);
        break;
      case 'card':
        this.cardDigests.add(body.cardDigest);
        this.cards.set(body.card.digest, { cardDigest: body.cardDigest, body, at: link.atMs });
        break;
      case 'finding':
        this.findings.set(body.ref, body.findings);
        break;
      case 'verdict':
        this.foldRehearsal(body);
        break;
      case 'intent':
        this.intents.begin(body, payload, link.hash);
        // Nobody was asked: somebody is told.
        if (body.request.grant !== null) this.untold.set(seq, payload);
        break;
      case 'outcome':
        // The first *unknown* of an attempt is told, whoever said it; a second one is no news.
        if (body.status === 'unknown' && this.intents.attempt(body.digest, body.attempt)?.ends.length === 0)
          this.untold.set(seq, payload);
        this.intents.end(body, seq);
        break;
      case 'statement':
        this.foldStatement(body, seq);
        break;
      case 'resume':
      case 'standing':
        this.foldPower(body, payload, link);
        break;
      case 'kill':
        this.foldKill(body, payload, link);
        break;
      case 'manifest':
        this.foldManifest(body);
        break;
      case 'page':
        this.foldPage(body, payload);
        break;
      default:
        break;
    }
  }

  private foldStory(body: RecordBody): void {
    if (!isOfRun(body)) return;
    const story = this.story(body.workflowId);
    story.apply(body);
    this.stories.set(body.workflowId, story);
  }

  private foldRehearsal({ rehearsal }: Body<'verdict'>): void {
    if (rehearsal === null) return;
    this.cardDigests.add(rehearsal.cardDigest);
    this.rehearsals.add(rehearsal.card.digest);
  }

  private foldStatement({ statement: signed, hash }: Body<'statement'>, seq: number): void {
    const { subject, verdict } = signed.statement;
    this.spend(signed.statement, hash, seq);
    if (subject.type === 'action' && verdict === 'reject' && !this.rejected.has(subject.digest))
      this.rejected.set(subject.digest, seq);
  }

  private foldPower(body: Body<'resume'> | Body<'standing'>, record: LogRecord, link: Link): void {
    for (const { statement } of body.statements) this.spend(statement, statementHash(statement), record.seq);
    if (body.kind === 'standing') {
      this.changes.set(link.hash, record.seq);
      if (body.change === 'trip' || body.change === 'trip-reset') this.untold.set(record.seq, record);
      return;
    }
    // The first resume of a scope ends no stop that anybody was told of.
    if (this.stopped.delete(body.scope)) this.untold.set(record.seq, record);
    this.bound.set(body.scope, { runId: body.fenceRunId, resumedAt: link.atMs, seq: record.seq });
    this.boundRuns.set(body.fenceRunId, record.seq);
  }

  private foldKill({ scope, fenceRunId }: Body<'kill'>, record: LogRecord, link: Link): void {
    this.kills.push({ seq: record.seq, at: link.atMs, scope, fenceRunId });
    this.untold.set(record.seq, record);
    this.stopped.add(scope);
    // A kill that names no run stops the scope whatever run is bound; one that names an older run changes nothing now.
    if (fenceRunId === null || this.bound.get(scope)?.runId === fenceRunId) this.bound.delete(scope);
  }

  private foldManifest(body: Body<'manifest'>): void {
    this.manifests.set(body.manifest, body);
    this.manifestVersion = Math.max(this.manifestVersion, body.version);
  }

  private foldPage({ detail }: Body<'page'>, { by }: LogRecord): void {
    const told = /^record ([0-9]{1,12}): /.exec(detail)?.[1];
    if (by === 'recorder' && told !== undefined) this.untold.delete(Number(told));
  }

  private spend(statement: { person: string; nonce: string }, hash: string, seq: number): void {
    if (!this.spent.has(hash)) this.spent.set(hash, seq);
    const key = `${statement.person} ${statement.nonce}`;
    if (!this.nonces.has(key)) this.nonces.set(key, { seq, hash });
  }

  private alertsOf(workflowId: string): Set<string> {
    const known = this.alerts.get(workflowId) ?? new Set();
    this.alerts.set(workflowId, known);
    return known;
  }
}

/** Bodies of which a second one says nothing new: those of a run, and an attestation. */
const isOnce = (body: RecordBody): boolean => isOfRun(body) || body.kind === 'attestation';

/** True for a body with both a workflow id and a run id. */
export function isOfRun(body: RecordBody): body is RecordBody & { workflowId: string; runId: string } {
  return 'workflowId' in body && body.workflowId !== null && body.runId !== null;
}
