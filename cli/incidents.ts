import type { IncidentRow } from '../gateway/incidents/list.ts';
import { listIncidents } from '../gateway/incidents/list.ts';
import { age } from '../gateway/shown/hold-words.ts';
import { visible } from '../policies/visible.ts';
import { withTemporal } from './connect/temporal.ts';
import type { Register } from './shell/command.ts';
import { answer, run, subcommand } from './shell/command.ts';
import { WrongUse } from './shell/refusal.ts';
import { table } from './shell/table.ts';

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
