import type { RunbookStatus } from '../contracts/runbook-status.ts';
import { ringIs, ringLine } from '../gateway/shown/ring-words.ts';
import { requireClientConfig } from './client-config.ts';
import type { ChangeOptions } from './runbooks/change-standing.ts';
import { changeStanding } from './runbooks/change-standing.ts';
import { findRunbook } from './runbooks/find-runbook.ts';
import { expectRing } from './runbooks/parse-options.ts';
import type { Register } from './shell/command.ts';
import { run, subcommand } from './shell/command.ts';
import { withOutsideOptions } from './statements/outside-statement.ts';

type Options = ChangeOptions & { readonly ring: string };

/** `holdpoint runbook demote`: takes a ring away at once. Less than a kill: what it may still do goes on. */
export const runbookDemote: Register = (parent, { io, status }) => {
  withOutsideOptions(
    subcommand(parent, 'demote', 'take a ring away, at once', [
      'holdpoint runbook demote postgres-blocked-by-idle-transaction --ring 0 --reason "ended the wrong session"',
    ]),
  )
    .argument('<runbook>', 'its id')
    .option('--ring <n>', '0 (read-only) or 1 (low-risk writes, held)', '0')
    .action(
      run({ io, status }, async (id: string, options: Options) => {
        const ring = expectRing(options.ring, [0, 1] as const);
        const config = requireClientConfig(io);
        const { rules, status: stands } = await findRunbook(config, id);
        const subject = { type: 'demote', runbook: { id: stands.runbook, digest: stands.digest }, ring } as const;
        const effect = effectOf(stands, ring);
        return changeStanding(io, config, { subject, effect, done: 'demoted', runbook: id }, { rules, options });
      }),
    );
};

function effectOf({ standing, given }: RunbookStatus, ring: 0 | 1): string[] {
  const above = given.some((one) => one.ring > ring);
  return [
    `now ${ringLine(standing)}`,
    above ? `then ${ringIs(ring)}` : `nothing above ring ${ring} is given: it stays as it is`,
    'what was signed before this no longer raises it; a later waiver or promotion does',
    ...(ring === 0 && standing.grants.length > 0 ? [`${standing.grants.length} grants end`] : []),
  ];
}
