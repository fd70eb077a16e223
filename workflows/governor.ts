import {
  condition,
  continueAsNew,
  isCancellation,
  setHandler,
  setWorkflowOptions,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { GovernorEnd, Look, Telling } from '../contracts/governor.ts';
import { failureCode } from './failure-code.ts';
import { GovernorBoard } from './governor-board.ts';
import { lookAtRunbook, tellOfRunbook } from './governor-calls.ts';
import { governorQuery, lookSignal } from './messages.ts';
import { defineRawSignal } from './signal-payload.ts';

/** The timer of a governor is bounded both ways, whatever it is told: no spin, and no sleep that nobody notices. */
const againMsMin = 5_000;
const againMsMax = 86_400_000;
const againMsAfterFailure = 60_000;
/** A flood of signals makes it look no more often than this. */
const lookPauseMs = 2_000;
export const historyEventsMax = 2_000;

/**
 * The governor of one runbook: looks where it stands, tells people what is due, shows it, and waits. It grants nothing and
 * remembers nothing: standing, counts and what was told are a fold over the log, read anew each time, so that a Reset, a
 * terminate or another governor in its place changes none of them. Ends when the newest manifest has its runbook no more.
 */
export async function governor(): Promise<GovernorEnd> {
  const board = new GovernorBoard();
  let asked = false;
  setHandler(governorQuery, () => board.view, { description: 'where the runbook stands, as the log has it' });
  setHandler(
    defineRawSignal(lookSignal.name),
    () => {
      asked = true;
    },
    { description: 'look now instead of at the next time; it takes no argument and changes nothing' },
  );
  for (;;) {
    const look = await looked(board);
    if (look !== null) {
      for (const telling of look.due) await told(board, telling);
      if (look.report === null) return 'gone';
    }
    if (workflowInfo().historyLength >= historyEventsMax) await continueAsNew<typeof governor>();
    const waitMs = Math.min(Math.max(look?.againMs ?? againMsAfterFailure, againMsMin), againMsMax);
    if (await condition(() => asked, waitMs, { summary: 'look again' }))
      await sleep(lookPauseMs, { summary: 'let what else was asked for come in' });
    asked = false;
  }
}

// It holds no verdict that other code could judge anew, and no bundle should be kept for what only watches. A worker
// without a version, as in tests, may not name a behaviour.
setWorkflowOptions(
  () => (workflowInfo().currentDeploymentVersion?.deploymentName ? { versioningBehavior: 'AUTO_UPGRADE' } : {}),
  governor,
);

/** Null when it cannot be seen now: what was seen last is shown as old, and nobody is told anything. */
async function looked(board: GovernorBoard): Promise<Look | null> {
  try {
    const look = await lookAtRunbook();
    board.saw(look.report);
    return look;
  } catch (error) {
    if (isCancellation(error)) throw error;
    board.failed(`look: ${failureCode(error)}`);
    return null;
  }
}

/** What could not be told stays due, and is told at another look. */
async function told(board: GovernorBoard, telling: Telling): Promise<void> {
  try {
    await tellOfRunbook(telling);
  } catch (error) {
    if (isCancellation(error)) throw error;
    board.failed(`${telling.about}: ${failureCode(error)}`);
  }
}
