import type { KillReport, KillScope } from '../gateway/kill.ts';
import { kill } from '../gateway/kill.ts';
import type { Temporal } from './connect/temporal.ts';
import { withTemporal } from './connect/temporal.ts';
import type { Register } from './shell/command.ts';
import { run, subcommand } from './shell/command.ts';
import type { Io } from './shell/io.ts';
import type { ExitStatus } from './shell/refusal.ts';
import { exitDone, exitRefused, WrongUse } from './shell/refusal.ts';

type Options = {
  readonly all?: boolean;
  readonly runbook?: string;
  readonly incident?: string;
  readonly reason: string;
  readonly json?: boolean;
};

/** `holdpoint kill`: anyone on call may stop, and it needs nothing of ours to be healthy: only Temporal. */
export const killCommand: Register = (parent, { io, status }) => {
  subcommand(
    parent,
    'kill',
    'stop everything, one runbook or one incident: no new effect begins after the acknowledgement',
    [
      'holdpoint kill --all --reason "looks wrong"',
      'temporal workflow cancel -w fence/all     # the same stop, without this program',
    ],
  )
    .option('--all', 'everything')
    .option('--runbook <id>', 'one runbook')
    .option('--incident <workflow-id>', 'one incident')
    .requiredOption('--reason <text>', 'why: it goes into the histories and the record')
    .action(
      run({ io, status }, async (options: Options) => {
        const scope = expectScope(options);
        return withTemporal(io, (temporal) => stop(io, temporal, scope, options));
      }),
    );
};

async function stop(io: Io, temporal: Temporal, scope: KillScope, options: Options): Promise<ExitStatus> {
  const json = options.json === true;
  const report = await kill({
    client: temporal.client,
    namespace: temporal.namespace,
    scope,
    reason: options.reason,
    onAcknowledged: (acknowledgedMs) => {
      // At once: whoever pulled the switch waits for exactly this line. With --json it goes where no script parses it.
      const line = `${io.paintErr.green('stopped')} after ${acknowledgedMs} ms: no new effect begins in this scope`;
      if (json) io.err(line);
      else io.out(line);
      io.err('cancelling what runs …');
    },
  });
  if (json) io.out(JSON.stringify({ ok: report.complete, ...report }));
  else for (const line of render(io, report)) io.out(line);
  if (!report.complete) io.err('next: run the same kill again; the scope itself stays stopped');
  return report.complete ? exitDone : exitRefused;
}

const render = (io: Io, report: KillReport): string[] => [
  ...report.cancelled.map(({ workflowId }) => `cancelled   ${workflowId}`),
  ...report.terminated.map(({ workflowId }) => `${io.paint.yellow('terminated')}  ${workflowId}`),
  ...report.undecided.map(({ workflowId }) => `${io.paint.yellow('in triage')}   ${workflowId}`),
  `${report.complete ? io.paint.green('complete') : io.paint.red('incomplete')}: ${report.scope}, ${report.cancelled.length} cancelled, ${report.terminated.length} terminated in ${report.elapsedMs} ms${report.wasOpen ? '' : ' (it was stopped before)'}`,
];

function expectScope({ all, runbook, incident }: Options): KillScope {
  const named = [all === true, runbook !== undefined, incident !== undefined].filter(Boolean).length;
  if (named !== 1)
    throw new WrongUse('expected exactly one of --all, --runbook and --incident', 'name the scope to stop');
  if (runbook !== undefined) return { kind: 'runbook', runbook };
  return incident === undefined ? { kind: 'all' } : { kind: 'incident', workflowId: incident };
}
