import { askStatuses } from '../activities/record/windows.ts';
import type { RunbookStatus } from '../contracts/runbook-status.ts';
import type { OpenTrip } from '../contracts/standing.ts';
import { ringIs, tripLine } from '../gateway/shown/ring-words.ts';
import type { Rules } from '../policies/manifest.ts';
import type { ClientConfig } from './client-config.ts';
import { doorOf, requireClientConfig } from './client-config.ts';
import { newestRules } from './connect/rules.ts';
import type { ChangeOptions } from './runbooks/change-standing.ts';
import { changeStanding } from './runbooks/change-standing.ts';
import { findRunbook } from './runbooks/find-runbook.ts';
import type { Register } from './shell/command.ts';
import { run, subcommand } from './shell/command.ts';
import { Refusal, WrongUse } from './shell/refusal.ts';
import { withOutsideOptions } from './statements/outside-statement.ts';

type Options = ChangeOptions & { readonly all?: boolean };
type Open = { readonly rules: Rules; readonly trip: OpenTrip; readonly effect: readonly string[] };

/** `holdpoint runbook trip-reset`: closes an open circuit breaker again. Nothing else does, and time does not. */
export const runbookTripReset: Register = (parent, { io, status }) => {
  withOutsideOptions(
    subcommand(parent, 'trip-reset', 'close a circuit breaker that has opened', [
      'holdpoint runbook trip-reset postgres-blocked-by-idle-transaction --reason "the replica lagged; it is mended"',
      'holdpoint runbook trip-reset --all --reason "…"',
    ]),
  )
    .argument('[runbook]', 'its own breaker')
    .option('--all', 'the breaker over all runbooks')
    .action(
      run({ io, status }, async (id: string | undefined, options: Options) => {
        if ((id === undefined) === (options.all !== true))
          throw new WrongUse('expected exactly one of a runbook and --all', 'name the breaker to close');
        const config = requireClientConfig(io);
        const { rules, trip, effect } = id === undefined ? await overAll(config) : await own(config, id);
        const subject = { type: 'trip-reset', record: trip.record } as const;
        const change = {
          subject,
          effect: [`opened by ${tripLine(trip)}`, ...effect],
          done: 'closed',
          runbook: id ?? null,
        };
        return changeStanding(io, config, change, { rules, options });
      }),
    );
};

async function own(config: ClientConfig, id: string): Promise<Open> {
  const { rules, status } = await findRunbook(config, id);
  const { runbook, all } = status.breakers;
  if (runbook.trip !== null) return { rules, trip: runbook.trip, effect: [`then ${afterReset(status)}`, counting] };
  const next =
    all.trip === null
      ? `nothing is to be done: look with \`holdpoint runbook status ${id}\``
      : 'the breaker over all runbooks is open: `holdpoint runbook trip-reset --all`';
  throw new Refusal('NOT_FOUND', `the circuit breaker of \`${id}\` is closed`, next);
}

async function overAll(config: ClientConfig): Promise<Open> {
  const rules = await newestRules(config, Date.now());
  const statuses = await askStatuses(doorOf(config));
  const trip = statuses[0]?.breakers.all.trip ?? null;
  if (trip !== null)
    return { rules, trip, effect: [...statuses.map((one) => `then ${one.runbook}: ${afterReset(one)}`), counting] };
  throw new Refusal(
    'NOT_FOUND',
    'the circuit breaker over all runbooks is closed',
    'nothing is to be done: look with `holdpoint runbook status`',
  );
}

const counting = 'it counts anew from there: the same fault opens it again';

/** What stands when this one breaker is closed. */
function afterReset({ given, breakers, standing }: RunbookStatus): string {
  const open = [breakers.runbook.trip, breakers.all.trip].filter((trip) => trip !== null);
  if (open.length > 1) return 'still stopped by the other breaker';
  return ringIs(open.length === 0 ? standing.ring : (given.at(-1)?.ring ?? 0));
}
