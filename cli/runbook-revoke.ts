import { askChange, askStatus } from '../activities/record/windows.ts';
import type { Door } from '../activities/record/wire.ts';
import { codeOf } from '../contracts/errors.ts';
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
const gifts: Readonly<Partial<Record<Gift['change'], string>>> = {
  waive: 'waiver',
  promote: 'promotion',
  grant: 'grant',
};

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
        const over = runbook === null || (await isInForce(doorOf(config), runbook, record)) ? [] : [noLonger];
        const change = {
          subject: { type: 'revoke', record },
          effect: [...effectOf(payload, gift), ...over],
          done: 'revoked',
          runbook,
        } as const;
        return changeStanding(io, config, change, { rules, options });
      }),
    );
};

const noLonger = 'it is not in force for the newest text of the runbook: ended, revoked, lowered, or of another text';

/** Whether it stands for the newest text. A runbook that the newest manifest lost has nothing in force. */
async function isInForce(door: Door, runbook: string, record: string): Promise<boolean> {
  try {
    const { given, standing } = await askStatus(door, runbook);
    return [...given, ...standing.grants].some((one) => one.record === record);
  } catch (error) {
    if (codeOf(error) === 'NOT_FOUND') return false;
    throw error;
  }
}

function mustBeGift({ body, seq }: LogRecord): Gift {
  if (body.kind === 'standing' && gifts[body.change] !== undefined) return body;
  const what = body.kind === 'standing' ? body.change : body.kind;
  throw new Refusal(
    'RECORD_REFUSED',
    `record ${seq} is a ${what}: only a waiver, promotion or grant can be revoked`,
    'take the hash from `holdpoint runbook status RUNBOOK_ID`',
  );
}

/** Exactly what is taken back, as it was signed. */
const effectOf = ({ seq, at }: LogRecord, { change, statements }: Gift): string[] => [
  `ends this ${gifts[change]} (record ${seq}, ${at}); what else was given stays`,
  ...statements.slice(0, 1).map(({ statement }) => visible(jcs(statement.subject), 500)),
  ...statements.map(({ statement }) => `signed by ${statement.person}: ${visible(statement.reason, 500)}`),
];
