import { AdmittedAlert } from '../../contracts/alert.ts';
import type { PinnedKeys } from '../../contracts/config.ts';
import { HoldpointError } from '../../contracts/errors.ts';
import { ReadResult } from '../../contracts/evidence.ts';
import type { Finding } from '../../contracts/finding.ts';
import type { RecordBody, RecordKind } from '../../contracts/record.ts';
import { InventoryRef } from '../../contracts/tools/contract.ts';
import { checkCard, namedBy, provenanceOf } from '../../policies/card.ts';
import { digestOf } from '../../policies/digest.ts';
import { resolveTarget } from '../../policies/inventory.ts';
import type { Rules } from '../../policies/manifest.ts';
import { matchRunbook } from '../../policies/match.ts';
import { openSigned } from '../../policies/signing.ts';
import { callHash } from '../../policies/usage.ts';
import type { Blobs } from './blobs.ts';
import type { LogState } from './state.ts';
import { parseJson } from './wire.ts';

type Of<K extends RecordKind> = Extract<RecordBody, { kind: K }>;

/** What a body is checked against: by the recorder before it appends, and by the verifier over what was appended. */
export type CheckContext = {
  readonly keys: PinnedKeys;
  readonly blobs: Pick<Blobs, 'get' | 'has'>;
  /** The fold of the log before this body. */
  readonly state: Pick<LogState, 'findings' | 'story'>;
  /** The rules with this digest. Throws when there are none. */
  rulesOf(manifest: string): Rules;
};

const refused = (message: string): HoldpointError => new HoldpointError('RECORD_REFUSED', message);
const isExecutor = (signer: string): boolean => signer.startsWith('executor.');

/**
 * Checks what a body claims that another process can vouch for: signatures, stored evidence, the one runbook that an alert
 * matches, the card of an action. `by` is the process on whose word it stands. Throws the code of what is wrong.
 */
export async function checkBody(context: CheckContext, body: RecordBody, by: string): Promise<void> {
  switch (body.kind) {
    case 'alert':
      return checkAlert(context, body);
    case 'result':
      return checkResult(context, body, by);
    case 'finding':
      return checkFinding(context, body, by);
    case 'proposal':
      return mustBeStored(context, body.trace, 'proposal');
    case 'verdict':
      return checkVerdict(context, body);
    case 'card':
      return checkCardBody(context, body);
    default:
      // A refusal and a page are the caller's own words, shown as such: nothing follows from them.
      return;
  }
}

/** The gateway vouches for exactly this workflow id, and the runbook is the one that its alert matches: nobody names another. */
async function checkAlert({ keys, rulesOf, state }: CheckContext, body: Of<'alert'>): Promise<void> {
  const { alert, workflowId, alertRef, runbook } = body;
  const { payload } = openSigned('alert', AdmittedAlert, alert, keys, (signer) => signer === 'gateway');
  if (payload.workflowId !== workflowId) throw refused('alert: the gateway signed it for another workflow id');
  if (alertRef !== digestOf(alert)) throw refused('alert: `alertRef` is the hash of another alert');
  mustBeToldFirst(state, alertRef, payload.findings);
  const match = matchRunbook(payload.alert, rulesOf(body.manifest).runbooks);
  const expected = match.kind === 'matched' ? match.runbook : null;
  if (expected?.id !== runbook?.id || expected?.digest !== runbook?.digest)
    throw new HoldpointError(
      'RUNBOOK_MISMATCH',
      `alert: it matches \`${expected?.id ?? 'none'}\`, got another runbook`,
    );
}

/** A result is the executor's own, signed, stored whole, and of the very run that it is recorded for. */
async function checkResult(context: CheckContext, body: Of<'result'>, by: string): Promise<void> {
  const { evidence, signer } = body;
  if (signer !== by) throw new HoldpointError('NOT_PERMITTED', 'result: an executor records its own results');
  await mustBeStored(context, evidence.resultHash, 'result');
  const payload = await resultOf(context, evidence.resultHash, signer);
  mustBeToldFirst(context.state, evidence.resultHash, payload.findings);
  if (payload.workflowId !== body.workflowId || payload.runId !== body.runId)
    throw refused('result: it was signed for another run');
  const same = payload.tool === evidence.tool && payload.at === evidence.at;
  if (!same || payload.entities.length !== evidence.entityCount || digestOf(payload.step) !== digestOf(evidence.step))
    throw refused('result: the reference does not describe what was signed');
  if (body.call !== undefined && body.call !== callHash(payload))
    throw refused('result: `call` is the hash of another call than was signed');
}

async function resultOf({ blobs, keys }: CheckContext, hash: string, signer: string): Promise<ReadResult> {
  const raw = parseJson(await blobs.get(hash));
  return openSigned('result', ReadResult, raw, keys, (name) => name === signer && isExecutor(name)).payload;
}

/** INVARIANT: no evidence is on the record before what was found in it, so that no card is made without it. */
function mustBeToldFirst({ findings }: CheckContext['state'], ref: string, signed: readonly Finding[] = []): void {
  if (digestOf(findings.get(ref) ?? []) !== digestOf(signed))
    throw refused('evidence: expected the findings that were signed with it to be recorded first');
}

/** Findings are told as they were signed, of the very evidence that they name: none more, and none less. */
async function checkFinding(context: CheckContext, body: Of<'finding'>, by: string): Promise<void> {
  await mustBeStored(context, body.ref, 'finding');
  const { from, workflowId, findings } = isExecutor(by)
    ? await findingsOfResult(context, body, by)
    : await findingsOfAlert(context, body.ref);
  if (workflowId !== body.workflowId || from !== body.from) throw refused('finding: it is of other evidence');
  if (digestOf(findings) !== digestOf(body.findings)) throw refused('finding: other findings were signed');
}

type SignedFindings = { readonly from: string; readonly workflowId: string; readonly findings: readonly Finding[] };

async function findingsOfResult(context: CheckContext, body: Of<'finding'>, by: string): Promise<SignedFindings> {
  const { tool, workflowId, runId, findings = [] } = await resultOf(context, body.ref, by);
  if (runId !== body.runId) throw refused('finding: its evidence was signed for another run');
  return { from: tool, workflowId, findings };
}

async function findingsOfAlert({ blobs, keys }: CheckContext, ref: string): Promise<SignedFindings> {
  const raw = parseJson(await blobs.get(ref));
  const { payload } = openSigned('alert', AdmittedAlert, raw, keys, (signer) => signer === 'gateway');
  return { from: 'alert', workflowId: payload.workflowId, findings: payload.findings ?? [] };
}

/** The card that a body holds with its digest: of a held write, or of a rehearsed one; null for any other body. */
export function cardIn(body: RecordBody): Pick<Of<'card'>, 'card' | 'cardDigest'> | null {
  if (body.kind === 'card') return body;
  return body.kind === 'verdict' ? body.rehearsal : null;
}

/** A rehearsal is of the very call that was judged, and its card is derived again like that of a held write. */
async function checkVerdict(context: CheckContext, body: Of<'verdict'>): Promise<void> {
  if (body.rehearsal === null) return;
  const { card } = body.rehearsal;
  const { tool, step } = card.action;
  if (body.verdict.kind !== 'rehearse') throw refused(`verdict: expected no rehearsal with ${body.verdict.kind}`);
  if (card.digest !== body.digest || tool !== body.tool || digestOf(step) !== digestOf(body.step))
    throw refused('verdict: its rehearsal is of another call');
  return checkCardBody(context, { ...body, ...body.rehearsal });
}

/**
 * The card must be the one that this action has, derived again from its parts: the executor's prediction, the entity of a
 * read result that the executor signed in this incident, the runbook's own quorum.
 */
async function checkCardBody(
  { keys, blobs, rulesOf, state }: CheckContext,
  body: Pick<Of<'card'>, 'card' | 'cardDigest' | 'workflowId' | 'runId'>,
): Promise<void> {
  const { card, cardDigest, workflowId, runId } = body;
  const { action } = card;
  if (action.workflowId !== workflowId || action.runId !== runId)
    throw new HoldpointError('CARD_MISMATCH', 'card: its action belongs to another run');
  const rules = rulesOf(action.manifest);
  const { runbook, contract } = namedBy(action, rules);
  const ref = InventoryRef.safeParse(action.args.target);
  if (!ref.success) throw new HoldpointError('INVENTORY_INVALID', 'card: expected its action to name a target');
  const blob = parseJson(await blobs.get(ref.data.resultHash));
  const target = resolveTarget({ ref: ref.data, blob, keys, role: runbook.runbook.identity.role, workflowId });
  const provenance = provenanceOf(ref.data, target);
  const { findings = [] } = card;
  checkCard({
    action,
    digest: card.digest,
    contract,
    runbook,
    rules,
    provenance,
    findings,
    raw: card,
    cardDigest,
    keys,
  });
  mustShowFindings(state, body);
}

async function mustBeStored({ blobs }: CheckContext, hash: string, what: string): Promise<void> {
  if (!(await blobs.has(hash))) throw refused(`${what}: expected its blob \`${hash}\` to be stored`);
}

/**
 * INVARIANT: a card shows every finding that the log holds of its incident, so that nobody can keep one from whoever releases.
 * Throws `CARD_STALE`: evidence may have come meanwhile, and a card that is made again shows it.
 */
export function mustShowFindings(
  state: CheckContext['state'],
  { card, workflowId }: Pick<Of<'card'>, 'card' | 'workflowId'>,
): void {
  if (digestOf(card.findings ?? []) !== digestOf(state.story(workflowId).findings()))
    throw new HoldpointError('CARD_STALE', 'card: expected the findings that the log holds of its incident by now');
}
