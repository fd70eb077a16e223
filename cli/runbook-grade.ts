import { askProposal, askStatus } from '../activities/record/windows.ts';
import type { Card } from '../contracts/card.ts';
import type { ProposalStatus } from '../contracts/runbook-status.ts';
import { visible } from '../policies/visible.ts';
import type { ClientConfig } from './client-config.ts';
import { doorOf, requireClientConfig } from './client-config.ts';
import { fetchCardText } from './connect/recorder-doors.ts';
import { newestRules, rulesByDigest } from './connect/rules.ts';
import type { ChangeOptions } from './runbooks/change-standing.ts';
import { changeStanding } from './runbooks/change-standing.ts';
import { expectHash } from './runbooks/parse-options.ts';
import type { Register } from './shell/command.ts';
import { run, subcommand } from './shell/command.ts';
import { WrongUse } from './shell/refusal.ts';
import { openCard } from './statements/open-card.ts';
import { withOutsideOptions } from './statements/outside-statement.ts';
import { renderCard } from './statements/render-card.ts';

/** `holdpoint runbook grade`: a person's word on one proposal, after reading what it would have done, or did. */
export const runbookGrade: Register = (parent, { io, status }) => {
  withOutsideOptions(
    subcommand(parent, 'grade', 'say whether a proposal was right, after reading its card', [
      'holdpoint runbook grade 9c… correct --reason "the session was stuck"',
      'holdpoint runbook grade 9c… wrong --reason "a backup, not the blocker"',
    ]),
  )
    .argument('<digest>', 'the proposed action, whole: 64 hex digits')
    .argument('<verdict>', 'correct or wrong')
    .action(
      run({ io, status }, async (given: string, verdict: string, options: ChangeOptions) => {
        const correct = expectVerdict(verdict);
        const digest = expectHash(given, 'DIGEST');
        // A bare yes or no teaches nobody why the next one is right.
        if ((options.reason ?? '') === '') throw new WrongUse('no --reason', 'say in a few words what you go by');
        const config = requireClientConfig(io);
        const rules = await newestRules(config, Date.now());
        const proposal = await askProposal(doorOf(config), digest);
        const card = await cardOf(config, proposal);
        io.err(`${io.paintErr.bold('PROPOSAL')} ${proposal.kind} at ${proposal.at}; a grade releases nothing`);
        for (const line of renderCard(card, Date.now(), io.paintErr).slice(1)) io.err(line);
        const effect = await effectOf(config, proposal, correct);
        const subject = { type: 'grade', proposal: digest, correct } as const;
        const { id } = proposal.runbook;
        return changeStanding(
          io,
          config,
          { subject, effect, done: `graded ${verdict}`, runbook: id },
          { rules, options },
        );
      }),
    );
};

function expectVerdict(given: string): boolean {
  if (given === 'correct' || given === 'wrong') return given === 'correct';
  throw new WrongUse(`verdict \`${visible(given, 40)}\`: expected correct or wrong`, 'give one of them');
}

/** The card that was recorded, checked as before a release; its manifest may have ended since, so it is read as of then. */
async function cardOf(config: ClientConfig, proposal: ProposalStatus): Promise<Card> {
  const { digest, cardDigest, workflowId, at } = proposal;
  const asked = { namespace: config.temporal.namespace, workflowId, digest, cardDigest };
  return openCard(await fetchCardText(config.recorderUrl, cardDigest), asked, {
    keys: config.keys,
    rulesOf: (manifest) => rulesByDigest(config, manifest, Date.parse(at)),
  });
}

async function effectOf(config: ClientConfig, proposal: ProposalStatus, correct: boolean): Promise<string[]> {
  const { runbook, counts, grades } = proposal;
  const before = grades.map((one) => `${one.person} called it ${one.correct ? 'correct' : 'wrong'}`);
  if (!counts) return [...before, 'none on the accuracy: it is of an earlier text, or from before a demotion'];
  const now = (await askStatus(doorOf(config), runbook.id)).grades;
  const word = correct ? 'correct, unless somebody calls it wrong' : 'wrong, whatever others call it';
  return [...before, `counts as ${word}; \`${runbook.id}\` has ${now.correct} of ${now.graded} correct so far`];
}
