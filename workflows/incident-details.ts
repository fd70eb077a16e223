import { workflowInfo } from '@temporalio/workflow';
import type { PendingHold, StateView } from '../contracts/incident.ts';
import { codeSpan, safeWord, whyLines } from '../policies/visible.ts';

const lineCharsMax = 500;
const outside = (text: string) => codeSpan(text, lineCharsMax);

/** A write that no person was asked about, and the record of the grant that released it. */
export type GrantedWrite = Pick<PendingHold, 'tool' | 'does' | 'target' | 'inverse' | 'digest'> & {
  readonly grant: string;
};
/** Of more, the newest are shown. */
const grantedMax = 10;
/** Of more, the card has the rest. */
const findingsShownMax = 20;

/**
 * The Markdown that the Temporal UI shows as current details: enough to release from. Every text from outside is an
 * escaped code span; the command lines hold nothing but ids and digests.
 */
export function incidentDetails(
  view: StateView,
  pending: readonly PendingHold[],
  granted: readonly GrantedWrite[],
  dropped: number,
): string {
  const head = [
    `**State** ${view.state}${view.outcome === null ? '' : ` (${view.outcome})`}`,
    ...(view.runbook === null ? [] : [`**Runbook** ${outside(view.runbook)}`]),
    ...(dropped === 0 ? [] : [`**Signals dropped** ${dropped}`]),
  ];
  const writes = [...pending.map(heldCall), ...granted.slice(-grantedMax).map(grantedCall)];
  return [head.join(' · '), ...writes].join('\n\n---\n\n');
}

function heldCall(hold: PendingHold): string {
  const refusals =
    hold.lastRefusal === null ? [] : [`- refused signals: ${hold.refusedSignals}, last ${outside(hold.lastRefusal)}`];
  return [
    `### Held: ${outside(hold.tool)} (${hold.risk} risk)`,
    `- does: ${outside(hold.does)}`,
    `- to: ${outside(hold.target)}`,
    ...whyLines(hold.why).map((line) => `- why, in the model's words: ${outside(line)}`),
    `- rule: ${outside(hold.rule)}`,
    ...hold.changes.map((change) => `- changes: ${outside(change)}`),
    ...hold.blastRadius.map((line) => `- blast radius: ${outside(line)}`),
    ...(hold.findings ?? []).slice(0, findingsShownMax).map((line) => `- noticed in the evidence: ${outside(line)}`),
    `- undo: ${outside(hold.inverse)}`,
    `- approved by ${hold.approvedBy.length} of ${hold.quorum} (${outside(hold.groups.join(', '))})`,
    `- expires at ${outside(hold.expiresAt)}; silence is never consent`,
    ...refusals,
    '',
    ...commandLines(hold.digest),
  ].join('\n');
}

const grantedCall = ({ tool, does, target, inverse, digest, grant }: GrantedWrite): string =>
  [
    `### Released by a grant: ${outside(tool)}`,
    `- does: ${outside(does)}`,
    `- to: ${outside(target)}`,
    `- undo: ${outside(inverse)}`,
    `- action ${outside(digest)}`,
    `- grant ${outside(grant)}; no person was asked about this call`,
  ].join('\n');

/** A reader pastes these into a shell, and whoever started the workflow chose its id. */
function commandLines(digest: string): string[] {
  const id = workflowInfo().workflowId;
  if (!isSafeWord(id) || !isSafeWord(digest)) return ['No command is printed: the id is not safe in a shell.'];
  return [
    'Release or reject it with one of:',
    '',
    '```sh',
    `holdpoint approve ${id} ${digest}`,
    `holdpoint reject ${id} ${digest}`,
    `temporal workflow signal -w ${id} --name approve --input "$(holdpoint sign ${id} ${digest})"`,
    '```',
  ];
}

function isSafeWord(text: string): boolean {
  try {
    return safeWord(text) === text;
  } catch {
    return false;
  }
}
