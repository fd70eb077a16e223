import { setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { GovernorView, RunbookReport } from '../contracts/governor.ts';
import { governorDetails } from './governor-details.ts';
import { runbookAttribute, stateAttribute } from './search-attributes.ts';

/** What can be seen of a governor, and with that of its runbook: query, search attributes, current details. */
export class GovernorBoard {
  private shown: GovernorView = { runbook: runbookOf(), report: null, lookedAt: null, failure: null };
  private state: string | null = null;

  get view(): GovernorView {
    return this.shown;
  }

  saw(report: RunbookReport | null): void {
    this.shown = { ...this.shown, report, lookedAt: new Date().toISOString(), failure: null };
    this.show(stateOf(report));
  }

  failed(failure: string): void {
    this.shown = { ...this.shown, failure };
    this.show(this.state ?? 'unseen');
  }

  /** An upsert is an event, so nothing is upserted that has not changed. */
  private show(state: string): void {
    if (state !== this.state)
      upsertSearchAttributes([
        { key: runbookAttribute, value: this.shown.runbook },
        { key: stateAttribute, value: state },
      ]);
    this.state = state;
    setCurrentDetails(governorDetails(this.shown));
  }
}

const runbookOf = (): string =>
  workflowInfo()
    .workflowId.replace(/^governor\//, '')
    .slice(0, 63);

function stateOf(report: RunbookReport | null): string {
  if (report === null) return 'gone';
  return report.standing.trip === null ? `ring-${report.standing.ring}` : 'tripped';
}
