import { setTimeout as sleep } from 'node:timers/promises';
import { HoldpointError } from '../../contracts/errors.ts';
import { askPending } from '../connect/incident.ts';
import type { Temporal } from '../connect/temporal.ts';
import type { Io } from '../shell/io.ts';
import { sendVerdict } from '../statements/send-verdict.ts';
import { signHold } from '../statements/sign-hold.ts';
import type { DemoEvent } from './events.ts';

type Held = Extract<DemoEvent, { readonly event: 'held' }>;
const shownWithinMs = 15_000;

/**
 * Releases a held action as the demo's approver: by the very code of `holdpoint approve`, with a real signature over the
 * statement, sent as a plain signal. Only who says yes is another: `--yes` on the demo's own command line.
 */
export async function releaseAsDemoApprover(io: Io, home: string, temporal: Temporal, { card }: Held): Promise<void> {
  const { workflowId } = card.action;
  await untilPending(temporal, workflowId, card.digest);
  const { signed } = await signHold(
    { ...io, env: { ...io.env, HOLDPOINT_HOME: home }, out: nowhere, err: nowhere },
    temporal,
    { workflowId, digest: card.digest, verdict: 'approve' },
    { yes: true, reason: 'released by demo --yes' },
  );
  await sendVerdict(temporal, workflowId, signed);
}

/** A card is in the log before its hold shows: a statement that came earlier than the hold would be refused. */
async function untilPending(temporal: Temporal, workflowId: string, digest: string): Promise<void> {
  for (const end = Date.now() + shownWithinMs; Date.now() < end; await sleep(100))
    if ((await askPending(temporal, workflowId)).some((hold) => hold.digest === digest)) return;
  throw new HoldpointError('STATEMENT_EARLY', `the hold of \`${digest}\` did not show in time`);
}

/** The card is on the demo's own screen already. */
const nowhere = (): void => undefined;
