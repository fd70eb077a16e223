import { runbookDemote } from './runbook-demote.ts';
import { runbookGrade } from './runbook-grade.ts';
import { runbookGrant } from './runbook-grant.ts';
import { runbookLint } from './runbook-lint.ts';
import { runbookPromote } from './runbook-promote.ts';
import { runbookRbac } from './runbook-rbac.ts';
import { runbookRevoke } from './runbook-revoke.ts';
import { runbookStatus } from './runbook-status.ts';
import { runbookTripReset } from './runbook-trip-reset.ts';
import { runbookWaive } from './runbook-waive.ts';
import type { Register } from './shell/command.ts';
import { group } from './shell/command.ts';

const registers = [
  runbookLint,
  runbookRbac,
  runbookStatus,
  runbookGrade,
  runbookPromote,
  runbookDemote,
  runbookWaive,
  runbookGrant,
  runbookRevoke,
  runbookTripReset,
] as const;

/** `holdpoint runbook …`: what concerns the runbooks themselves. */
export const runbookCommand: Register = (parent, context) => {
  const runbook = group(parent, 'runbook', 'check runbooks, see where they stand, and change it by signed statements');
  for (const register of registers) register(runbook, context);
};
