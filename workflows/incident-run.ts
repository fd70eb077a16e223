import { condition, isCancellation, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import type {
  ActionEnd,
  EvidenceRef,
  HoldView,
  IncidentInput,
  IncidentOutcome,
  Matched,
  PageInput,
} from '../contracts/incident.ts';
import type { IncidentCalls } from './activity-calls.ts';
import { callsOf, page } from './activity-calls.ts';
import { AlertInbox } from './alert-inbox.ts';
import { ApprovalDesk } from './approval-desk.ts';
import { failureCode } from './failure-code.ts';
import { IncidentBoard } from './incident-board.ts';
import { type GrantedWrite, incidentDetails } from './incident-details.ts';

/** Why an incident ends before its reasoner concludes. The first reason stands. */
export type Stop = {
  readonly kind: 'resolved' | 'limit' | 'unknown' | 'stopped' | 'failed';
  readonly detail: string;
};

/** Until triage says what the manifest allows. */
const signalsMaxBeforeTriage = 100;

/** One incident while it runs: what was matched, what was seen and done so far, and whether it has to end. */
export class IncidentRun {
  readonly board = new IncidentBoard(() =>
    setCurrentDetails(incidentDetails(this.board.state, this.desk.pending, this.granted, this.dropped)),
  );
  readonly alerts: AlertInbox = new AlertInbox({
    input: () => this.input,
    repeated: () => this.board.repeated('alert-repeated'),
    resolved: () => {
      this.board.note('alert-resolved', 'the alert that started this incident is resolved');
      this.endFor({ kind: 'resolved', detail: 'the alert is resolved' });
    },
    refuse: (refusal) => this.desk.refuse(refusal),
  });
  readonly desk = new ApprovalDesk({
    context: () => this.matched.context,
    stopping: () => this.stop !== null,
    alerts: this.alerts,
    note: (what, detail) => this.board.note(what, detail),
  });
  readonly evidence: EvidenceRef[] = [];
  readonly ends: ActionEnd[] = [];
  private readonly granted: GrantedWrite[] = [];
  executed = 0;
  /** Why the playbook could not go on, if it could not. */
  blocked: string | null = null;
  private ending: Stop | null = null;
  private signals = 0;
  private dropped = 0;
  private acting = false;
  private triaged: { readonly matched: Matched; readonly calls: IncidentCalls } | null = null;
  private readonly telling: Promise<void>[] = [];

  constructor(private readonly input: IncidentInput) {}

  begin(matched: Matched): void {
    this.triaged = { matched, calls: callsOf(matched) };
    this.board.matched(matched);
  }

  get matched(): Matched {
    return this.mustBeTriaged().matched;
  }

  get calls(): IncidentCalls {
    return this.mustBeTriaged().calls;
  }

  /** The reason to end, if there is one by now: asked before each step and by every waiting hold. */
  get stop(): Stop | null {
    const eventsMax = this.triaged?.matched.limits.historyEventsMax;
    if (this.ending === null && eventsMax !== undefined && workflowInfo().historyLength > eventsMax)
      this.ending = { kind: 'limit', detail: `expected at most ${eventsMax} history events` };
    return this.ending;
  }

  endFor(stop: Stop): void {
    this.ending ??= stop;
  }

  /** Counts a signal. One beyond the limit is dropped unread, and ends the incident: nobody can be heard any more. */
  admitSignal(): boolean {
    this.signals += 1;
    const signalsMax = this.triaged?.matched.limits.signalsMax ?? signalsMaxBeforeTriage;
    if (this.signals <= signalsMax) return true;
    this.dropped += 1;
    this.endFor({ kind: 'limit', detail: `expected at most ${signalsMax} signals` });
    return false;
  }

  /** Weighs the alerts that came in and records what was refused, until nothing of either waits: `stop` is up to date then. */
  async catchUp(): Promise<void> {
    do {
      await this.alerts.weigh();
      await this.desk.recordStrays();
    } while (this.alerts.waiting);
  }

  ended(end: ActionEnd): void {
    this.ends.push(end);
    this.board.note(end.end, `${end.tool}: ${end.rule}: ${end.detail}`);
  }

  /** Shows a write that goes to the executor without a person, and the grant that releases it. */
  releasedBy(grant: string, { tool, does, target, inverse, digest }: HoldView): void {
    this.granted.push({ grant, tool, does, target, inverse, digest });
    this.board.note('auto-released', `${tool}: ${does}; grant ${grant}`);
  }

  /** Shows whether holds wait and whether one acts. */
  show(): void {
    const waiting = this.desk.pending.length;
    this.board.enter(this.acting ? 'acting' : waiting > 0 ? 'held' : 'investigating', waiting);
  }

  /** Writes of one incident act one after the other, however they were released. Null when its time is over before its turn. */
  async inTurn<T>(waitMsMax: number, act: () => Promise<T>): Promise<T | null> {
    const summary = 'wait for the write before this one';
    if (this.acting && !(await condition(() => !this.acting, Math.max(waitMsMax, 1), { summary }))) return null;
    this.acting = true;
    this.show();
    try {
      return await act();
    } finally {
      this.acting = false;
    }
  }

  /** Tells people without holding up the incident: a page that fails is noted, and bounded by its own timeouts. */
  tell(about: PageInput['about'], detail: string, digest: string | null = null): void {
    const context = this.triaged?.matched.context ?? null;
    const severity = this.triaged?.matched.severity ?? null;
    const told = page({ context, about, digest, severity, detail: detail.slice(0, 1_000) }).catch((error: unknown) => {
      if (!isCancellation(error)) this.board.note('page-failed', about);
    });
    this.telling.push(told);
  }

  async close(outcome: IncidentOutcome, detail: string): Promise<IncidentOutcome> {
    try {
      await this.catchUp();
    } catch (error) {
      if (isCancellation(error)) throw error;
      this.board.note('record-failed', failureCode(error));
    }
    await Promise.all(this.telling);
    this.board.close(outcome, detail);
    return outcome;
  }

  private mustBeTriaged() {
    if (this.triaged === null) throw new TypeError('expected an incident after triage');
    return this.triaged;
  }
}

/** Waits for all, then throws the first failure: no work of a step is left behind in flight. */
export async function settled<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(work);
  const failed = results.filter((result) => result.status === 'rejected');
  const first = failed.find(({ reason }) => isCancellation(reason)) ?? failed[0];
  if (first !== undefined) throw first.reason;
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}
