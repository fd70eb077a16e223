import { condition } from '@temporalio/workflow';
import type { HoldView, IncidentContext, PendingHold, Weighed } from '../contracts/incident.ts';
import type { SignedStatement } from '../contracts/statement.ts';
import { recordEvent, weighStatement } from './activity-calls.ts';
import type { AlertInbox } from './alert-inbox.ts';
import { type Decoded, decodeSignal, field, refusedCharsMax, statementBytesMax } from './signal-payload.ts';

type Counted = Extract<Weighed, { kind: 'counts' }>;
const noHold = 'expected a hold that waits for this digest, got none';
type Received = { readonly signal: string; readonly decoded: Decoded };
export type Refusal = { readonly what: string; readonly code: string; readonly reason: string; readonly text: string };

/** One hold from the moment it is shown until its write has ended: what came in for it, and who counts so far. */
export class OpenHold {
  readonly inbox: Received[] = [];
  readonly approvals = new Map<string, Counted>();
  /** Set when the run may have been born of a Reset. */
  recheck = false;
  /** Set once it is released: it waits for nobody any more, but a rejection still counts. */
  acting = false;
  refused = 0;
  lastRefusal: string | null = null;
  constructor(readonly view: HoldView) {}

  /** Waits again after a release that came to nothing: what was decided before is not decided any more. */
  waitAgain(code: string): void {
    this.acting = false;
    this.approvals.clear();
    this.lastRefusal = code;
  }
}

export type HoldEnd =
  | { readonly kind: 'released'; readonly statements: readonly SignedStatement[]; readonly people: readonly string[] }
  | { readonly kind: 'rejected'; readonly person: string; readonly reason: string }
  | { readonly kind: 'expired' }
  /** This run may have been born of a Reset: compare run ids and judge again. */
  | { readonly kind: 'recheck' }
  /** The incident ends for another reason; nothing was decided. */
  | { readonly kind: 'withdrawn' };

export type DeskDeps = {
  readonly context: () => IncidentContext;
  /** True once the incident has a reason to end: every waiting hold ends with it. */
  readonly stopping: () => boolean;
  /** What comes in by alert: one may end the incident, so it is weighed before anything is released. */
  readonly alerts: Pick<AlertInbox, 'waiting' | 'weigh'>;
  readonly note: (what: string, detail: string) => void;
};

/**
 * Where writes wait for people. Temporal is trusted to carry a statement, never for what it says: each is weighed by a
 * local activity, only to decide waiting, and the executor and the recorder verify it again.
 */
export class ApprovalDesk {
  private readonly open: OpenHold[] = [];
  private readonly strays: Refusal[] = [];
  private noted = false;
  constructor(private readonly deps: DeskDeps) {}

  get pending(): PendingHold[] {
    return this.open.filter(({ acting }) => !acting).map(pendingHold);
  }

  /** A signal handler: synchronous, and whatever comes in, it does not throw. */
  receive(signal: 'approve' | 'reject', raw: unknown): void {
    const decoded = decodeSignal(raw, statementBytesMax);
    if (!decoded.ok) {
      this.refuse({ what: `${signal} signal`, ...decoded });
      return;
    }
    const claimed = field(field(field(decoded.value, 'statement'), 'subject'), 'digest');
    // A claim only chooses the hold that weighs it; one for an unknown digest is weighed, and refused, by the first that waits.
    const waiting = this.open.find(({ acting }) => !acting) ?? this.open[0];
    const hold = this.open.find(({ view }) => view.digest === claimed) ?? waiting;
    if (hold !== undefined) hold.inbox.push({ signal, decoded });
    // INVARIANT: a statement is never queued for a hold that does not exist yet.
    else this.refuse({ what: `${signal} signal`, code: 'STATEMENT_EARLY', reason: noHold, text: decoded.text });
  }

  /** Puts a refused signal on the list for the record, and on every waiting hold's count. */
  refuse(refusal: Refusal): void {
    this.strays.push(refusal);
    for (const hold of this.open) countRefusal(hold, refusal.code);
  }

  /** Every hold compares run ids, those shown later too: the note may come before the hold that it is about. */
  recheckAll(): void {
    this.noted = true;
    for (const hold of this.open) hold.recheck = !hold.acting;
  }

  /** Shows a hold. From here on, and only from here on, statements for its digest are taken. */
  show(view: HoldView): OpenHold {
    const hold = new OpenHold(view);
    hold.recheck = this.noted;
    this.open.push(hold);
    return hold;
  }

  /** Ends a hold. What came too late for it goes on the record as refused. */
  end(hold: OpenHold): void {
    this.open.splice(this.open.indexOf(hold), 1);
    for (const { signal, decoded } of hold.inbox.splice(0))
      this.refuse({ what: `${signal} signal`, code: 'STATEMENT_EARLY', reason: noHold, text: decoded.text });
  }

  /** Waits until enough distinct persons released it, one rejected it, its time is over, or it has to be judged again. */
  async decision(hold: OpenHold): Promise<HoldEnd> {
    const { alerts, stopping } = this.deps;
    const woken = () => hold.inbox.length > 0 || hold.recheck || this.strays.length > 0 || alerts.waiting || stopping();
    for (;;) {
      const leftMs = Date.parse(hold.view.expiresAt) - Date.now();
      const inTime = leftMs > 0 && (await condition(woken, leftMs, { summary: `hold of ${hold.view.tool} expires` }));
      // Silence is never consent.
      if (!inTime) return { kind: 'expired' };
      await alerts.weigh();
      if (stopping()) return { kind: 'withdrawn' };
      if (hold.recheck) {
        hold.recheck = false;
        return { kind: 'recheck' };
      }
      await this.recordStrays();
      const end = await this.weighAll(hold);
      if (end !== null) return end;
    }
  }

  /**
   * A released write on its way to its effect can still be rejected: calls `stop` with who did. Resolves when `done` says
   * so, which the effect's own timeouts bound.
   */
  async watch(hold: OpenHold, done: () => boolean, stop: (person: string) => void): Promise<void> {
    for (;;) {
      await condition(() => done() || hold.inbox.length > 0);
      if (done()) return;
      const counted = await this.weighNext(hold);
      if (counted?.verdict === 'reject') stop(counted.person);
    }
  }

  /** Records what was refused outside any hold. Each is taken off the list before it is recorded: never twice. */
  async recordStrays(): Promise<void> {
    for (let stray = this.strays.shift(); stray !== undefined; stray = this.strays.shift())
      await this.record(stray, null);
  }

  /** Weighs everything that has come in before anything is released: one rejection among approvals wins. */
  async weighAll(hold: OpenHold): Promise<HoldEnd | null> {
    while (hold.inbox.length > 0 || this.deps.alerts.waiting) {
      await this.deps.alerts.weigh();
      const counted = await this.weighNext(hold);
      if (counted?.verdict === 'reject')
        return { kind: 'rejected', person: counted.person, reason: counted.statement.statement.reason };
      if (counted === null) continue;
      hold.approvals.set(counted.person, counted);
      this.deps.note('approved', `${counted.person} (${hold.approvals.size} of ${hold.view.quorum})`);
    }
    const approvals = [...hold.approvals.values()];
    if (approvals.length < hold.view.quorum) return null;
    return {
      kind: 'released',
      statements: approvals.map(({ statement }) => statement),
      people: approvals.map(({ person }) => person),
    };
  }

  private async weighNext(hold: OpenHold): Promise<Counted | null> {
    const received = hold.inbox.shift();
    if (received === undefined || !received.decoded.ok) return null;
    const { digest, cardDigest, tool, expiresAt } = hold.view;
    const weighed = await weighStatement({
      context: this.deps.context(),
      raw: received.decoded.value,
      hold: { digest, cardDigest, tool, expiresAt },
    });
    const again = weighed.kind === 'counts' && hold.approvals.get(weighed.person)?.hash === weighed.hash;
    if (weighed.kind === 'counts' && !again) return weighed;
    const { code, reason } =
      weighed.kind === 'refused'
        ? weighed
        : { code: 'STATEMENT_REPLAYED', reason: 'this statement is counted already' };
    countRefusal(hold, code);
    await this.record({ what: `${received.signal} signal`, code, reason, text: received.decoded.text }, digest);
    return null;
  }

  private async record({ what, code, reason, text }: Refusal, digest: string | null): Promise<void> {
    this.deps.note('refused', `${what}: ${code}: ${reason}`);
    const raw = text.slice(0, refusedCharsMax);
    await recordEvent({ kind: 'refusal', digest, what, code, reason: reason.slice(0, 500), raw });
  }
}

function countRefusal(hold: OpenHold, code: string): void {
  hold.refused += 1;
  hold.lastRefusal = code;
}

const pendingHold = ({ view, approvals, refused, lastRefusal }: OpenHold): PendingHold => ({
  ...view,
  approvedBy: [...approvals.keys()],
  refusedSignals: refused,
  lastRefusal,
});
