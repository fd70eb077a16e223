import { Card } from '../../contracts/card.ts';
import type { PinnedKeys } from '../../contracts/config.ts';
import { HoldpointError } from '../../contracts/errors.ts';
import { checkCard, namedBy } from '../../policies/card.ts';
import { digestOf } from '../../policies/digest.ts';
import type { Rules } from '../../policies/manifest.ts';
import { firstIssue } from '../../policies/signing.ts';

export type Asked = {
  readonly namespace: string;
  readonly workflowId: string;
  readonly digest: string;
  readonly cardDigest: string;
};
export type Trusted = {
  readonly keys: PinnedKeys;
  /** The signer's own copy of the manifest with this digest. Throws when there is none. */
  readonly rulesOf: (manifest: string) => Promise<Rules>;
};

/**
 * A card as the signer may trust it: its action has the digest that was asked for and stands at this workflow, and the
 * rest is what that action's manifest makes of it, under the check that executor and recorder make. The server that gave it
 * out, the workflow and Temporal are all believed nothing; the reads behind `provenance` and `findings`, which only executor
 * and recorder can fetch, are theirs to check. Throws `BAD_INPUT`, `DIGEST_MISMATCH`, `RUNBOOK_MISMATCH`, `TOOL_UNKNOWN`,
 * `CARD_MISMATCH`, or what `rulesOf` throws.
 */
export async function openCard(text: string, asked: Asked, { keys, rulesOf }: Trusted): Promise<Card> {
  const raw = parse(text);
  const parsed = Card.safeParse(raw);
  if (!parsed.success) throw new HoldpointError('BAD_INPUT', `card: ${firstIssue(parsed.error)}`);
  const { action, provenance, findings = [] } = parsed.data;
  mustBeTheOneAsked(action, asked);
  const rules = await rulesOf(action.manifest);
  const { digest, cardDigest } = asked;
  return checkCard({ ...namedBy(action, rules), raw, cardDigest, keys, action, digest, rules, provenance, findings });
}

function mustBeTheOneAsked(action: Card['action'], { namespace, workflowId, digest }: Asked): void {
  const whole = digestOf(action);
  if (whole !== digest)
    throw new HoldpointError('DIGEST_MISMATCH', `card: its action has digest \`${whole}\`, expected \`${digest}\``);
  if (action.workflowId !== workflowId || action.namespace !== namespace)
    throw new HoldpointError(
      'DIGEST_MISMATCH',
      `card: its action belongs to \`${action.workflowId}\` in \`${action.namespace}\`, expected \`${workflowId}\` in \`${namespace}\``,
    );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new HoldpointError('BAD_INPUT', 'card: expected JSON');
  }
}
