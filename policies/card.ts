import type { z } from 'zod';
import type { Action } from '../contracts/action.ts';
import { Card } from '../contracts/card.ts';
import type { PinnedKeys } from '../contracts/config.ts';
import { HoldpointError } from '../contracts/errors.ts';
import { Prediction, type SignedPrediction } from '../contracts/evidence.ts';
import type { ShownFinding } from '../contracts/finding.ts';
import { InventoryRef, type ToolContract } from '../contracts/tools/contract.ts';
import { toolRegistry } from '../contracts/tools/registry.ts';
import { originsOf } from './card-findings.ts';
import { digestOf } from './digest.ts';
import type { ResolvedTarget } from './inventory.ts';
import type { Rules } from './manifest.ts';
import { approvalsOf } from './release.ts';
import type { LoadedRunbook } from './runbook.ts';
import { firstIssue, openSigned } from './signing.ts';
import { visible } from './visible.ts';

export type CardSource = {
  readonly action: Action;
  readonly digest: string;
  readonly contract: ToolContract;
  readonly runbook: LoadedRunbook;
  /** The rules of the action's manifest. */
  readonly rules: Rules;
  readonly provenance: Card['provenance'];
  /** Of the incident's evidence, as the log had it when the card was made. */
  readonly findings: readonly ShownFinding[];
};
export type AssembleCardInput = CardSource & { readonly judgedWhy: string; readonly prediction: SignedPrediction };

/** The part of a card that says where its target was seen. */
export const provenanceOf = (ref: InventoryRef, { entity, result }: ResolvedTarget): Card['provenance'] => ({
  ref,
  tool: result.tool,
  readAt: result.at,
  entity,
});

/** What the names in an action stand for under its manifest. Throws `RUNBOOK_MISMATCH` or `TOOL_UNKNOWN`. */
export function namedBy(
  { runbook: { id, digest }, tool }: Action,
  rules: Rules,
): Pick<CardSource, 'runbook' | 'contract'> {
  const runbook = rules.runbooks.get(id);
  if (runbook === undefined || runbook.digest !== digest)
    throw new HoldpointError('RUNBOOK_MISMATCH', `runbook \`${id}\`: expected the digest in its manifest`);
  const contract = toolRegistry.get(tool);
  if (contract === undefined) throw new HoldpointError('TOOL_UNKNOWN', `no tool is named \`${visible(tool, 64)}\``);
  return { runbook, contract };
}

/** A prediction by the one executor that may make it: that of the runbook's own role. Throws `BAD_INPUT` or `BAD_SIGNATURE`. */
export function openPrediction(raw: unknown, { runbook }: LoadedRunbook, keys: PinnedKeys): SignedPrediction {
  return openSigned('prediction', Prediction, raw, keys, (signer) => signer === `executor.${runbook.identity.role}`);
}

/**
 * What a person is shown before a release, from its parts. Everything but the model's words is derived, so that a
 * second reader with the same parts arrives at the same bytes. Throws `CARD_MISMATCH` when the parts are not of one action.
 */
export function assembleCard(input: AssembleCardInput): Card {
  const { action, digest, contract, runbook, rules, prediction, provenance, findings } = input;
  checkParts(input);
  const approvals = approvalsOf(runbook, rules);
  const origins = originsOf(action, runbook);
  return mustParse(Card, {
    v: 1,
    digest,
    action,
    runbookTitle: runbook.runbook.title,
    risk: contract.risk,
    effect: contract.effect,
    why: input.judgedWhy,
    prediction,
    provenance,
    ...(findings.length === 0 ? {} : { findings }),
    ...(Object.keys(origins).length === 0 ? {} : { origins }),
    inverse: contract.inverse,
    quorum: approvals.quorum,
    groups: [...approvals.groups],
    expiresAt: action.expiresAt,
  });
}

export type CheckCardInput = CardSource & {
  /** The card that persons were shown: the blob named by `cardDigest`, as parsed JSON. */
  readonly raw: unknown;
  readonly cardDigest: string;
  readonly keys: PinnedKeys;
};

/**
 * Checks that the card behind a card digest is the one that this action has: the executor's own prediction, the
 * inventory's own entity, the runbook's own title and quorum. Only the model's words are taken from the card, which says
 * whose they are. Throws `CARD_MISMATCH`.
 */
export function checkCard(input: CheckCardInput): Card {
  const shown = mustParse(Card, input.raw);
  try {
    openPrediction(shown.prediction, input.runbook, input.keys);
  } catch (error) {
    if (!(error instanceof HoldpointError)) throw error;
    throw mismatch(error.message);
  }
  const card = assembleCard({ ...input, judgedWhy: shown.why, prediction: shown.prediction });
  if (digestOf(card) !== input.cardDigest || digestOf(shown) !== input.cardDigest)
    throw mismatch(`expected the card with digest \`${input.cardDigest}\``);
  return card;
}

function checkParts({ action, digest, contract, runbook, rules, prediction, provenance }: AssembleCardInput): void {
  if (digestOf(action) !== digest) throw mismatch('expected the digest of the action');
  if (contract.name !== action.tool) throw mismatch(`expected the contract of \`${action.tool}\``);
  if (runbook.id !== action.runbook.id || runbook.digest !== action.runbook.digest)
    throw mismatch(`expected runbook \`${action.runbook.id}\` as the action names it`);
  if (rules.digest !== action.manifest) throw mismatch("expected the rules of the action's own manifest");
  const predicted = prediction.payload;
  if (predicted.digest !== digest || predicted.workflowId !== action.workflowId || predicted.runId !== action.runId)
    throw mismatch('expected a prediction of this action');
  const target = InventoryRef.safeParse(action.args.target);
  if (!target.success || digestOf(target.data) !== digestOf(provenance.ref))
    throw mismatch("expected the provenance of the action's own target");
  if (provenance.entity.id !== provenance.ref.entity || provenance.entity.kind !== contract.targetKind)
    throw mismatch(`expected an entity of kind \`${contract.targetKind ?? 'none'}\``);
}

function mustParse<T extends z.ZodType>(schema: T, raw: unknown): z.infer<T> {
  const parsed = schema.safeParse(raw);
  if (!parsed.success) throw mismatch(firstIssue(parsed.error));
  return parsed.data;
}

const mismatch = (message: string): HoldpointError => new HoldpointError('CARD_MISMATCH', `card: ${message}`);
