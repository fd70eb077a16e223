import { postStatements } from '../activities/record/client.ts';
import type { Subject } from '../contracts/statement.ts';
import { doorOf, requireClientConfig } from './client-config.ts';
import { newestRules } from './connect/rules.ts';
import type { Register } from './shell/command.ts';
import { answer, run, subcommand } from './shell/command.ts';
import { Refusal, WrongUse } from './shell/refusal.ts';
import type { OutsideOptions } from './statements/outside-statement.ts';
import { signOutside, withOutsideOptions } from './statements/outside-statement.ts';

type Options = OutsideOptions & {
  readonly ring: string;
  readonly hours: string;
  readonly until?: string;
  readonly condition?: string[];
  readonly json?: boolean;
};
const conditionNames = ['dry_run_days', 'graded_proposals', 'accuracy', 'preflight'] as const;
type ConditionName = (typeof conditionNames)[number];
const hoursMax = 24 * 90;

/** `holdpoint runbook waive`: a signed, recorded, ending exception to the dry run of exactly one runbook text. */
export const runbookWaive: Register = (parent, { io, status }) => {
  withOutsideOptions(
    subcommand(parent, 'waive', 'set a ring by a signed waiver, until it ends or the runbook changes', [
      'holdpoint runbook waive postgres-blocked-by-idle-transaction --ring 2 --hours 8 --reason "supervised trial"',
    ]),
  )
    .argument('<runbook>', 'its id')
    .requiredOption('--ring <n>', '1 (low-risk writes, held) or 2 (high-risk writes, held)')
    .option('--hours <n>', `how long, at most ${hoursMax}`, '8')
    .option('--until <instant>', 'the exact end instead, as in the statement of a colleague: 2026-01-31T09:30:00.000Z')
    .option('--condition <names...>', `what is waived: ${conditionNames.join(', ')} (all, when left out)`)
    .action(
      run({ io, status }, async (runbook: string, options: Options) => {
        const config = requireClientConfig(io);
        const now = Date.now();
        const rules = await newestRules(config, now);
        const loaded = rules.runbooks.get(runbook);
        if (loaded === undefined)
          throw new Refusal(
            'NOT_FOUND',
            `no runbook \`${runbook}\` in manifest ${rules.version}`,
            'list them with `holdpoint runbook status`',
          );
        const subject: Subject = {
          type: 'waive',
          runbook: { id: loaded.id, digest: loaded.digest },
          ring: expectRing(options.ring),
          conditions: expectConditions(options.condition),
          until: options.until ?? new Date(now + expectHours(options.hours) * 3_600_000).toISOString(),
        };
        const statements = await signOutside(io, config, subject, options);
        if (statements === null) return 0;
        const appended = await postStatements(doorOf(config), statements);
        return answer(io, options.json, { ok: true, ...subject, record: appended }, () =>
          io.out(
            `${io.paint.green('waived')}: ring ${subject.ring} for ${loaded.id} until ${subject.until} (record ${appended.seq})`,
          ),
        );
      }),
    );
};

function expectRing(text: string): 1 | 2 {
  if (text === '1' || text === '2') return text === '1' ? 1 : 2;
  throw new WrongUse(`--ring \`${text}\`: expected 1 or 2`, 'give one of them');
}

function expectHours(text: string): number {
  const hours = Number(text);
  if (hours > 0 && hours <= hoursMax) return hours;
  throw new WrongUse(`--hours \`${text}\`: expected more than 0 and at most ${hoursMax}`, 'give another number');
}

function expectConditions(names: readonly string[] | undefined): ConditionName[] {
  if (names === undefined) return [...conditionNames];
  return names.map((name) => {
    const known = conditionNames.find((condition) => condition === name);
    if (known === undefined)
      throw new WrongUse(`--condition \`${name}\`: expected one of ${conditionNames.join(', ')}`, 'name one of them');
    return known;
  });
}
