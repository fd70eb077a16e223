import { upsertSearchAttributes } from '@temporalio/workflow';
import type { IncidentOutcome, IncidentState, Matched, StateView, TimelineEntry } from '../contracts/incident.ts';
import { awaitingAttribute, runbookAttribute, severityAttribute, stateAttribute } from './search-attributes.ts';

const timelineEntriesMax = 400;
const detailCharsMax = 500;

/** What can be seen of an incident: its state, its timeline, its search attributes. Deciding is done elsewhere. */
export class IncidentBoard {
  private view: StateView = { state: 'triage', runbook: null, severity: null, outcome: null, awaiting: 0 };
  private readonly entries: TimelineEntry[] = [];
  private dropped = 0;
  private repeats = 0;
  /** `changed` is called after every change, to show it elsewhere. */
  constructor(private readonly changed: () => void) {}

  get state(): StateView {
    return this.view;
  }

  /** Oldest first; when there are too many, the oldest are counted instead. */
  get timeline(): TimelineEntry[] {
    const first = this.entries[0];
    if (this.dropped === 0 || first === undefined) return [...this.entries];
    return [{ at: first.at, what: 'earlier', detail: `${this.dropped} earlier entries are not kept` }, ...this.entries];
  }

  note(what: string, detail: string): void {
    this.entries.push({ at: new Date().toISOString(), what, detail: detail.slice(0, detailCharsMax) });
    if (this.entries.length > timelineEntriesMax) {
      this.entries.shift();
      this.dropped += 1;
    }
    this.changed();
  }

  /** Counts something that happens over and over in one entry. */
  repeated(what: string): void {
    this.repeats += 1;
    if (this.entries.at(-1)?.what === what) this.entries.pop();
    this.note(what, `${this.repeats} times so far`);
  }

  matched({ context, severity, title, summary }: Matched): void {
    this.view = { ...this.view, runbook: context.runbook.id, severity };
    this.note('matched', `${title}: ${summary}`);
    upsertSearchAttributes([
      { key: runbookAttribute, value: context.runbook.id },
      { key: severityAttribute, value: severity },
    ]);
    this.enter('investigating');
  }

  /** Shows a state and how many holds wait. An upsert is an event, so nothing is upserted that has not changed. */
  enter(state: IncidentState, awaiting = this.view.awaiting): void {
    const changes = [
      ...(state === this.view.state ? [] : [{ key: stateAttribute, value: state }]),
      ...(awaiting === this.view.awaiting ? [] : [{ key: awaitingAttribute, value: awaiting }]),
    ];
    this.view = { ...this.view, state, awaiting };
    if (changes.length > 0) upsertSearchAttributes(changes);
    this.changed();
  }

  close(outcome: IncidentOutcome, detail: string): void {
    this.note('closed', `${outcome}: ${detail}`);
    this.view = { ...this.view, outcome };
    this.enter('closed', 0);
  }
}
