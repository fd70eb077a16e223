import type { z } from 'zod';
import type { Card } from '../../contracts/card.ts';
import type { PendingHold } from '../../contracts/incident.ts';
import type { SignedStatement } from '../../contracts/statement.ts';
import { Sha256, WorkflowId } from '../../contracts/values.ts';
import { visible } from '../../policies/visible.ts';
import { requireClientConfig } from '../client-config.ts';
import { askPending } from '../connect/incident.ts';
import { fetchCardText } from '../connect/recorder-doors.ts';
import { rulesByDigest } from '../connect/rules.ts';
import type { Temporal } from '../connect/temporal.ts';
import type { Io } from '../shell/io.ts';
import { Refusal, WrongUse } from '../shell/refusal.ts';
import { keyFrom, newStatement, personFrom } from './new-statement.ts';
import { openCard } from './open-card.ts';
import { renderCard } from './render-card.ts';
import { signWithSsh } from './ssh-sign.ts';

export type SignOptions = {
  readonly reason?: string;
  readonly key?: string;
  readonly person?: string;
  readonly yes?: boolean;
};
export type SignedHold = { readonly signed: SignedStatement; readonly hold: PendingHold; readonly card: Card };

/**
 * Shows the whole action that a hold waits for, asks, and signs the statement over it. It signs nothing that it cannot
 * show: without the card, or with a card that is not exactly this action, it refuses. Throws `Refusal` or `WrongUse`.
 */
export async function signHold(
  io: Io,
  temporal: Temporal,
  given: { readonly workflowId: string; readonly digest: string; readonly verdict: 'approve' | 'reject' },
  options: SignOptions,
): Promise<SignedHold> {
  const workflowId = expectArgument(WorkflowId, given.workflowId, 'WORKFLOW_ID');
  const digest = expectArgument(Sha256, given.digest, 'DIGEST');
  const home = requireClientConfig(io);
  const person = personFrom(options.person, home.person);
  const key = keyFrom(options.key, home.sshKey);
  const hold = await findHold(temporal, workflowId, digest);
  const text = await fetchCardText(home.recorderUrl, hold.cardDigest);
  const asked = { namespace: temporal.namespace, workflowId, digest, cardDigest: hold.cardDigest };
  const now = Date.now();
  const card = await openCard(text, asked, {
    keys: home.keys,
    rulesOf: (manifest) => rulesByDigest(home, manifest, now),
  });
  for (const line of renderCard(card, now, io.paintErr)) io.err(line);
  await confirmOrRefuse(io, given.verdict, person, options.yes === true);
  const statement = newStatement(
    {
      subject: { type: 'action', digest },
      verdict: given.verdict,
      cardDigest: hold.cardDigest,
      reason: options.reason ?? (given.verdict === 'approve' ? 'released' : 'rejected'),
      person,
    },
    Date.now(),
  );
  return { signed: await signWithSsh(statement, key), hold, card };
}

async function findHold(temporal: Temporal, workflowId: string, digest: string): Promise<PendingHold> {
  const holds = await askPending(temporal, workflowId);
  const hold = holds.find((waiting) => waiting.digest === digest);
  if (hold !== undefined) return hold;
  const others = holds.map((waiting) => `\`${visible(waiting.digest, 64)}\``).join(', ');
  throw new Refusal(
    'STATEMENT_EARLY',
    `no hold of \`${workflowId}\` waits for digest \`${digest}\``,
    others === '' ? `nothing waits there: look with \`holdpoint show ${workflowId}\`` : `these wait: ${others}`,
  );
}

async function confirmOrRefuse(io: Io, verdict: 'approve' | 'reject', person: string, yes: boolean): Promise<void> {
  if (yes) return;
  if (!io.interactive) {
    // A pipe is not a person: `--yes` says that somebody decided. `$(holdpoint sign …)` keeps the terminal, so it can ask.
    throw new WrongUse('no terminal to ask on', 'read the card above, then add --yes');
  }
  const sure = await io.confirm(
    verdict === 'approve' ? `Release this action as ${person}?` : `Reject this action as ${person}?`,
  );
  if (!sure) throw new Refusal('RELEASE_MISSING', 'not signed: you did not confirm', 'run it again and answer y');
}

function expectArgument(schema: z.ZodType<string>, value: string, name: string): string {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new WrongUse(
    `${name} \`${visible(value, 200)}\`: ${parsed.error.issues[0]?.message ?? 'expected another form'}`,
    'copy both from `holdpoint show WORKFLOW_ID`',
  );
}
