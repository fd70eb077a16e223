import { runbookLint } from './runbook-lint.ts';
import { runbookStatus } from './runbook-status.ts';
import { runbookWaive } from './runbook-waive.ts';
import type { Register } from './shell/command.ts';
import { group } from './shell/command.ts';

/** `holdpoint runbook …`: what concerns the runbooks themselves. */
export const runbookCommand: Register = (parent, context) => {
  const runbook = group(parent, 'runbook', 'check runbooks, see where they stand, waive a dry run');
  for (const register of [runbookLint, runbookStatus, runbookWaive]) register(runbook, context);
};
