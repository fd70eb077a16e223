import type { GrantCondition } from '../contracts/statement.ts';
import { toolRegistry } from '../contracts/tools/registry.ts';
import { visible } from '../policies/visible.ts';
import { requireClientConfig } from './client-config.ts';
import type { ChangeOptions } from './runbooks/change-standing.ts';
import { changeStanding } from './runbooks/change-standing.ts';
import { findRunbook } from './runbooks/find-runbook.ts';
import { expectConditions, expectCount, expectUntil } from './runbooks/parse-options.ts';
import type { Register } from './shell/command.ts';
import { run, subcommand } from './shell/command.ts';
import { WrongUse } from './shell/refusal.ts';
import { withOutsideOptions } from './statements/outside-statement.ts';

type Options = ChangeOptions & { readonly until: string; readonly count: string; readonly scope?: string[] };
const countMax = 100;

/** `holdpoint runbook grant`: lets one low-risk tool that can be undone be released without a person, so often, until then. */
export const runbookGrant: Register = (parent, { io, status }) => {
  withOutsideOptions(
    subcommand(parent, 'grant', 'let one low-risk, reversible tool be released without a person, for a while', [
      'holdpoint runbook grant RUNBOOK_ID k8s.restartDeployment --until 7d --count 5 --scope namespaces=web',
    ]),
  )
    .argument('<runbook>', 'its id')
    .argument('<tool>', 'one of its tools')
    .requiredOption(
      '--until <end>',
      'when it ends: 12h, 7d, 2026-01-31, or an instant as in the statement of a colleague',
    )
    .requiredOption('--count <n>', `how many actions in all, 1 to ${countMax}`)
    .option('--scope <kind=names...>', 'only within these: databases=payments,billing')
    .action(
      run({ io, status }, async (id: string, tool: string, options: Options) => {
        const until = expectUntil(options.until, Date.now());
        const count = expectCount(options.count, countMax);
        const conditions = expectConditions(options.scope);
        if (tool.length > 64)
          throw new WrongUse(`tool \`${visible(tool, 64)}\`: expected a name`, 'name one of its tools');
        const config = requireClientConfig(io);
        const { rules, status: stands } = await findRunbook(config, id);
        const runbook = { id: stands.runbook, digest: stands.digest };
        const subject = { type: 'grant', runbook, tool, conditions, until, count } as const;
        const effect = effectOf(tool, { until, count, conditions });
        return changeStanding(io, config, { subject, effect, done: 'granted', runbook: id }, { rules, options });
      }),
    );
};

type Bounds = { readonly until: string; readonly count: number; readonly conditions: readonly GrantCondition[] };
function effectOf(tool: string, { until, count, conditions }: Bounds): string[] {
  const inverse = toolRegistry.get(tool)?.inverse;
  return [
    `\`${visible(tool, 64)}\` may be released without a person, ${count} times in all, until ${until}`,
    ...conditions.map((one) => `only where all ${one.scope} are in ${one.in.join(', ')}`),
    `undone by ${inverse?.tool === null || inverse === undefined ? 'nothing: the recorder refuses that' : inverse.tool}`,
    'ends by itself, by a revoke, or when the runbook is demoted to ring 0 or its text changes',
  ];
}
