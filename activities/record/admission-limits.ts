import { HoldpointError } from '../../contracts/errors.ts';
import type { Limits } from '../../contracts/limits.ts';
import type { KnownAction } from './admission.ts';
import { targetOf } from './intents.ts';
import type { LogState } from './state.ts';

const hourMs = 3_600_000;

/**
 * The recorder's own counts, over all runs of a workflow id and over all incidents: a Reset, a loop or a flood of alerts
 * reaches them all the same. Throws `TARGET_BUSY` or `LIMIT_REACHED`.
 */
export function mustBeWithinLimits(known: KnownAction): void {
  mustBeAloneOnItsTarget(known);
  for (const { what, count, max } of countsOf(known))
    if (!(count < max))
      throw new HoldpointError(
        'LIMIT_REACHED',
        `receipt: expected at most ${max} writes for ${what}, got ${count} already`,
      );
}

/** One open write per target: two people's fixes must not meet on one thing. */
function mustBeAloneOnItsTarget({ state, request }: KnownAction): void {
  const target = targetOf(request.action);
  const other = state.intents.open().find((entry) => entry.target === target && entry.body.digest !== request.digest);
  if (other !== undefined)
    throw new HoldpointError('TARGET_BUSY', `receipt: intent ${other.seq} on \`${target}\` has no outcome yet`);
}

type Count = { readonly what: string; readonly count: number; readonly max: number };

function countsOf({
  state: { intents },
  request: { action, digest },
  runbook,
  newestRunbook,
  rules,
  newest,
  now,
}: KnownAction): Count[] {
  const hourAgo = now - hourMs;
  const stricter = (name: keyof Limits): number => Math.min(rules.limits[name], newest.limits[name]);
  const editions = [runbook, newestRunbook].map((edition) => edition.runbook);
  const target = targetOf(action);
  // A later attempt at the same action is not another write: whether it may be made at all is `nextAttempt`'s rule.
  const count: LogState['intents']['count'] = (test, since) =>
    intents.count((entry) => entry.body.digest !== digest && test(entry), since);
  const ofWorkflow = ({ body }: { body: { workflowId: string } }) => body.workflowId === action.workflowId;
  return [
    { what: 'all runbooks in an hour', count: count(() => true, hourAgo), max: stricter('writesPerHourMax') },
    {
      what: 'this runbook in an hour',
      count: count(({ body }) => body.request.action.runbook.id === action.runbook.id, hourAgo),
      max: Math.min(stricter('writesPerRunbookPerHourMax'), ...editions.map(({ limits }) => limits.writesPerHourMax)),
    },
    {
      what: 'this target in an hour',
      count: count((entry) => entry.target === target, hourAgo),
      max: stricter('writesPerTargetPerHourMax'),
    },
    {
      what: 'this incident over all its runs',
      count: count(ofWorkflow),
      max: Math.min(stricter('writesPerWorkflowMax'), ...editions.map(({ limits }) => limits.writesPerIncidentMax)),
    },
    {
      what: 'this tool in this incident',
      count: count((entry) => ofWorkflow(entry) && entry.body.request.action.tool === action.tool),
      max: Math.min(
        ...editions.map(({ tools }) => tools.find(({ tool }) => tool === action.tool)?.perIncidentMax ?? 0),
      ),
    },
  ];
}
