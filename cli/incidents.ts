import type { WorkflowExecutionInfo } from '@temporalio/client';
import { incidentWorkflowType } from '../contracts/queues.ts';
import { visible } from '../policies/visible.ts';
import type { Temporal } from './connect/temporal.ts';
import { withTemporal } from './connect/temporal.ts';
import type { Register } from './shell/command.ts';
import { answer, run, subcommand } from './shell/command.ts';
import { WrongUse } from './shell/refusal.ts';
import { age, table } from './shell/table.ts';

export type IncidentRow = {
  readonly workflowId: string;
  readonly runId: string;
  readonly status: string;
  readonly state: string | null;
  readonly severity: string | null;
  readonly runbook: string | null;
  readonly awaiting: number | null;
  readonly startedAt: string;
};

/** `holdpoint incidents`: what runs, newest first, from the server's search attributes. */
export const incidentsCommand: Register = (parent, context) => {
  subcommand(parent, 'incidents', 'list incidents, newest first', ['holdpoint incidents', 'holdpoint incidents --all'])
    .option('--all', 'closed ones too')
    .option('--limit <n>', 'at most this many', '50')
    .action(
      run(context, async (options: { all?: boolean; limit: string; json?: boolean }) => {
        const limit = expectLimit(options.limit);
        const rows = await withTemporal(context.io, (temporal) => listIncidents(temporal, options.all === true, limit));
        return answer(context.io, options.json, rows, () => {
          for (const line of rows.length === 0 ? ['no incidents'] : render(rows, Date.now())) context.io.out(line);
        });
      }),
    );
};

async function listIncidents(temporal: Temporal, all: boolean, limit: number): Promise<IncidentRow[]> {
  const query = `WorkflowType = '${incidentWorkflowType}'${all ? '' : " AND ExecutionStatus = 'Running'"}`;
  const rows: IncidentRow[] = [];
  for await (const info of temporal.client.workflow.list({ query, pageSize: Math.min(limit, 200) })) {
    rows.push(rowOf(info));
    if (rows.length >= limit) break;
  }
  return rows;
}

function rowOf(info: WorkflowExecutionInfo): IncidentRow {
  // The typed attributes are read by name: their keys belong to the workflow's room.
  const attributes = (info.searchAttributes ?? {}) as Record<string, readonly unknown[] | undefined>;
  const word = (name: string): string | null => {
    const value = attributes[name]?.[0];
    return typeof value === 'string' ? value : null;
  };
  const awaiting = attributes.HoldpointAwaiting?.[0];
  return {
    workflowId: info.workflowId,
    runId: info.runId,
    status: info.status.name,
    state: word('HoldpointState'),
    severity: word('HoldpointSeverity'),
    runbook: word('HoldpointRunbook'),
    awaiting: awaiting === undefined ? null : Number(awaiting),
    startedAt: info.startTime.toISOString(),
  };
}

const render = (rows: readonly IncidentRow[], now: number): string[] =>
  table(
    ['INCIDENT', 'STATUS', 'STATE', 'SEVERITY', 'RUNBOOK', 'AWAITING', 'AGE'],
    rows
      .map((row) => [
        row.workflowId,
        row.status.toLowerCase(),
        row.state ?? '-',
        row.severity ?? '-',
        row.runbook ?? '-',
        String(row.awaiting ?? '-'),
        age(row.startedAt, now),
      ])
      .map((cells) => cells.map((cell) => visible(cell, 200))),
  );

function expectLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= 1_000) return limit;
  throw new WrongUse(`--limit \`${text}\`: expected a whole number from 1 to 1000`, 'give another number');
}
