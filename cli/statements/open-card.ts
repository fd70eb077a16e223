import { Card } from '../../contracts/card.ts';
import type { PinnedKeys } from '../../contracts/config.ts';
import { HoldpointError } from '../../contracts/errors.ts';
import { Prediction } from '../../contracts/evidence.ts';
import { digestOf } from '../../policies/digest.ts';
import { firstIssue, openSigned } from '../../policies/signing.ts';

export type Asked = {
  readonly namespace: string;
  readonly workflowId: string;
  readonly digest: string;
  readonly cardDigest: string;
};

/**
 * A card as the signer may trust it: its bytes have the digest that the hold names, its action has the digest that was
 * asked for and stands at this workflow, and the prediction is an executor's own. The server that gave it out, the
 * workflow and Temporal are all believed nothing. Throws CARD_MISMATCH, DIGEST_MISMATCH, BAD_SIGNATURE or BAD_INPUT.
 */
export function openCard(text: string, asked: Asked, keys: PinnedKeys): Card {
  const raw = parse(text);
  if (digestOf(raw) !== asked.cardDigest)
    throw new HoldpointError('CARD_MISMATCH', `card: its content does not have the digest \`${asked.cardDigest}\``);
  const parsed = Card.safeParse(raw);
  if (!parsed.success) throw new HoldpointError('BAD_INPUT', `card: ${firstIssue(parsed.error)}`);
  const card = parsed.data;
  const whole = digestOf(card.action);
  if (whole !== asked.digest || card.digest !== asked.digest)
    throw new HoldpointError(
      'DIGEST_MISMATCH',
      `card: its action has digest \`${whole}\`, expected \`${asked.digest}\``,
    );
  if (card.action.workflowId !== asked.workflowId || card.action.namespace !== asked.namespace)
    throw new HoldpointError(
      'DIGEST_MISMATCH',
      `card: its action belongs to \`${card.action.workflowId}\` in \`${card.action.namespace}\`, expected \`${asked.workflowId}\` in \`${asked.namespace}\``,
    );
  if (card.expiresAt !== card.action.expiresAt)
    throw new HoldpointError('CARD_MISMATCH', 'card: `expiresAt` differs from the action it shows');
  checkPrediction(card, keys);
  return card;
}

function checkPrediction(card: Card, keys: PinnedKeys): void {
  const { payload } = openSigned('prediction', Prediction, card.prediction, keys, (by) => by.startsWith('executor.'));
  const { action } = card;
  if (payload.digest !== card.digest || payload.workflowId !== action.workflowId || payload.runId !== action.runId)
    throw new HoldpointError('CARD_MISMATCH', 'card: its prediction was made for another action');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new HoldpointError('BAD_INPUT', 'card: expected JSON');
  }
}
