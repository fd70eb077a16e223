import { askChange } from '../activities/record/windows.ts';
import type { LogRecord, RecordBody } from '../contracts/record.ts';
import { jcs } from '../policies/digest.ts';
import { visible } from '../policies/visible.ts';
import { doorOf, requireClientConfig } from './client-config.ts';
import { newestRules } from './connect/rules.ts';
import type { ChangeOptions } from './runbooks/change-standing.ts';
import { changeStanding } from './runbooks/change-standing.ts';
import { expectHash } from './runbooks/parse-options.ts';
import type { Register } from './shell/command.ts';
import { run, subcommand } from './shell/command.ts';
import { Refusal } from './shell/refusal.ts';
import { withOutsideOptions } from './statements/outside-statement.ts';

type Gift = Extract<RecordBody, { kind: 'standing' }>;
const gifts: readonly Gift['change'][] = ['waive', 'promote', 'grant'];

/** `holdpoint runbook revoke`: ends one waiver, promotion or grant, named by the hash of its record. */
export const runbookRevoke: Register = (parent, { io, status }) => {
  withOutsideOptions(
    subcommand(parent, 'revoke', 'end one waiver, promotion or grant, at once', [
      'holdpoint runbook revoke 4f… --reason "the trial is over"',
    ]),
  )
    .argument('<record>', 'the hash of its record, whole: `holdpoint runbook status RUNBOOK_ID` shows it')
    .action(
      run({ io, status }, async (given: string, options: ChangeOptions) => {
        const record = expectHash(given, 'RECORD');
        const config = requireClientConfig(io);
        const rules = await newestRules(config, Date.now());
        const { payload } = await askChange(doorOf(config), record);
        const gift = mustBeGift(payload);
        const runbook = gift.runbook?.id ?? null;
        const change = {
          subject: { type: 'revoke', record },
          effect: effectOf(payload, gift),
          done: 'revoked',
          runbook,
        } as const;
        return changeStanding(io, config, change, { rules, options });
      }),
    );
};

function mustBeGift({ body, seq }: LogRecord): Gift {
  if (body.kind === 'standing' && gifts.includes(body.change)) return body;
  const what = body.kind === 'standing' ? body.change : body.kind;
  throw new Refusal(
    'RECORD_REFUSED',
    `record ${seq} is a ${what}: only a waiver, promotion or grant can be revoked`,
    'take the hash from `holdpoint runbook status RUNBOOK_ID`',
  );
}

/** Exactly what is taken back, as it was signed. */
const effectOf = ({ seq, at }: LogRecord, { change, statements }: Gift): string[] => [
  `ends this ${change} (record ${seq}, ${at}); what else was given stays`,
  ...statements.slice(0, 1).map(({ statement }) => visible(jcs(statement.subject), 500)),
  ...statements.map(({ statement }) => `signed by ${statement.person}: ${visible(statement.reason, 500)}`),
];
