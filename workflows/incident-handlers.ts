import { setHandler } from '@temporalio/workflow';
import type { IncidentRun } from './incident-run.ts';
import {
  alertSignal,
  approveSignal,
  noteSignal,
  pendingQuery,
  rejectSignal,
  stateQuery,
  timelineQuery,
} from './messages.ts';
import { decodeSignal, defineRawSignal, field, statementBytesMax } from './signal-payload.ts';

type Heard = { readonly name: string; readonly description: string; readonly hear: (raw: unknown) => void };

/** Registers every handler. Each is synchronous and small, and none throws: a bad signal is evidence, not an error. */
export function listen(run: IncidentRun): void {
  const signals: readonly Heard[] = [
    {
      name: approveSignal.name,
      description: 'release a held call: a signed statement, as `holdpoint sign` prints it',
      hear: (raw) => run.desk.receive('approve', raw),
    },
    {
      name: rejectSignal.name,
      description: 'reject a held call: a signed statement, as `holdpoint sign` prints it',
      hear: (raw) => run.desk.receive('reject', raw),
    },
    {
      name: alertSignal.name,
      description: 'the alert fired again or was resolved; signed by the gateway',
      hear: (raw) => run.alerts.receive(raw),
    },
    {
      name: noteSignal.name,
      description: 'sent by the recorder when this run was born of a Reset: open holds are judged again',
      hear: (raw) => hearNote(run, raw),
    },
  ];
  for (const { name, description, hear } of signals)
    setHandler(defineRawSignal(name), (raw) => void (run.admitSignal() && hear(raw)), { description });
  setHandler(pendingQuery, () => run.desk.pending, { description: 'holds that wait for a person' });
  setHandler(timelineQuery, () => run.board.timeline, { description: 'what happened so far, oldest first' });
  setHandler(stateQuery, () => run.board.state, { description: 'where this incident stands' });
}

function hearNote(run: IncidentRun, raw: unknown): void {
  const decoded = decodeSignal(raw, statementBytesMax);
  if (decoded.ok && field(decoded.value, 'kind') === 'reset') {
    run.desk.recheckAll();
    return;
  }
  const reason = decoded.ok ? 'expected a note of kind reset' : decoded.reason;
  run.desk.refuse({ what: 'note signal', code: 'BAD_INPUT', reason, text: decoded.text });
}
