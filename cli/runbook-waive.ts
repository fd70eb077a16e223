import type { RunbookStatus } from '../contracts/runbook-status.ts';
import { type PromotionCondition, promotionConditions } from '../contracts/statement.ts';
import { missingLines, ringIs, ringLine } from '../gateway/shown/ring-words.ts';
import { requireClientConfig } from './client-config.ts';
import type { ChangeOptions } from './runbooks/change-standing.ts';
import { changeStanding } from './runbooks/change-standing.ts';
import { findRunbook } from './runbooks/find-runbook.ts';
import { expectRing, expectUntil } from './runbooks/parse-options.ts';
import type { Register } from './shell/command.ts';
import { run, subcommand } from './shell/command.ts';
import { WrongUse } from './shell/refusal.ts';
import { withOutsideOptions } from './statements/outside-statement.ts';

type Options = ChangeOptions & {
  readonly ring: string;
  readonly hours: string;
  readonly until?: string;
  readonly condition?: string[];
};

/** `holdpoint runbook waive`: a signed, recorded, ending exception to the dry run of exactly one runbook text. */
export const runbookWaive: Register = (parent, { io, status }) => {
  withOutsideOptions(
    subcommand(parent, 'waive', 'set a ring by a signed waiver, until it ends or the runbook changes', [
      'holdpoint runbook waive postgres-blocked-by-idle-transaction --ring 2 --hours 8 --reason "supervised trial"',
    ]),
  )
    .argument('<runbook>', 'its id')
    .requiredOption('--ring <n>', '1 (low-risk writes, held) or 2 (high-risk writes, held)')
    .option('--hours <n>', 'how long', '8')
    .option('--until <end>', 'when it ends instead: 7d, 2026-01-31, or an instant as in the statement of a colleague')
    .option('--condition <names...>', `what is waived: ${promotionConditions.join(', ')} (all, when left out)`)
    .action(
      run({ io, status }, async (id: string, options: Options) => {
        const ring = expectRing(options.ring, [1, 2] as const);
        const conditions = expectConditions(options.condition);
        const until = expectUntil(options.until ?? `${options.hours}h`, Date.now());
        const config = requireClientConfig(io);
        const { rules, status: stands } = await findRunbook(config, id);
        const runbook = { id: stands.runbook, digest: stands.digest };
        const subject = { type: 'waive' as const, runbook, ring, conditions, until };
        const change = {
          subject,
          effect: effectOf(stands, ring, until),
          done: 'waived',
          runbook: id,
        };
        return changeStanding(io, config, change, { rules, options });
      }),
    );
};

const effectOf = (status: RunbookStatus, ring: 1 | 2, until: string): string[] => [
  `now ${ringLine(status.standing)}`,
  `then ${ringIs(ring)}, until ${until}, for exactly this text`,
  ...missingLines(status).map((line) => `although it lacks ${line}`),
];

function expectConditions(names: readonly string[] | undefined): PromotionCondition[] {
  if (names === undefined) return [...promotionConditions];
  return names.map((name) => {
    const known = promotionConditions.find((condition) => condition === name);
    if (known === undefined)
      throw new WrongUse(
        `--condition \`${name}\`: expected one of ${promotionConditions.join(', ')}`,
        'name one of them',
      );
    return known;
  });
}
