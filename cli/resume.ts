import { postStatements } from '../activities/record/client.ts';
import type { FenceScope } from '../contracts/queues.ts';
import { doorOf, requireClientConfig } from './client-config.ts';
import { openFence } from './connect/fence.ts';
import type { Temporal } from './connect/temporal.ts';
import { withTemporal } from './connect/temporal.ts';
import type { Register } from './shell/command.ts';
import { answer, run, subcommand } from './shell/command.ts';
import type { Io } from './shell/io.ts';
import type { ExitStatus } from './shell/refusal.ts';
import { exitDone, WrongUse } from './shell/refusal.ts';
import type { OutsideOptions } from './statements/outside-statement.ts';
import { signOutside, withOutsideOptions } from './statements/outside-statement.ts';

type Options = OutsideOptions & {
  readonly all?: boolean;
  readonly runbook?: string;
  readonly fence?: string;
  readonly json?: boolean;
};

/** `holdpoint resume`: opens a stopped scope again. Temporal alone cannot: the log binds the signed statement to one fence run. */
export const resumeCommand: Register = (parent, { io, status }) => {
  withOutsideOptions(
    subcommand(parent, 'resume', 'open a stopped scope again, by a signed statement over one new fence run', [
      'holdpoint resume --all --reason "false alarm, checked with the team"',
      'holdpoint resume --runbook postgres-blocked-by-idle-transaction',
    ]),
  )
    .option('--all', 'everything')
    .option('--runbook <id>', 'one runbook')
    .option('--fence <run-id>', 'sign for a fence run that a colleague started, instead of starting one')
    .action(run({ io, status }, (options: Options) => withTemporal(io, (temporal) => resume(io, temporal, options))));
};

async function resume(io: Io, temporal: Temporal, options: Options): Promise<ExitStatus> {
  const scope = expectScope(options);
  const config = requireClientConfig(io);
  // A new run replaces the old one at once; until the log binds it, its scope is stopped.
  const fenceRunId = options.fence ?? (await openFence(temporal, scope));
  const subject = { type: 'resume', scope: scopeSubject(scope), fenceRunId } as const;
  const statements = await signOutside(io, config, subject, options);
  if (statements === null) return exitDone;
  const appended = await postStatements(doorOf(config), statements);
  return answer(io, options.json, { ok: true, ...subject, record: appended }, () =>
    io.out(`${io.paint.green('resumed')}: ${scopeName(scope)}, fence run ${fenceRunId} (record ${appended.seq})`),
  );
}

const scopeSubject = (scope: FenceScope) =>
  scope.kind === 'all' ? { kind: 'all' as const } : { kind: 'runbook' as const, runbook: scope.runbook };
const scopeName = (scope: FenceScope): string => (scope.kind === 'all' ? 'everything' : `runbook ${scope.runbook}`);

function expectScope({ all, runbook }: Options): FenceScope {
  if (all === true && runbook === undefined) return { kind: 'all' };
  if (all !== true && runbook !== undefined) return { kind: 'runbook', runbook };
  throw new WrongUse('expected exactly one of --all and --runbook', 'name the scope to resume');
}
