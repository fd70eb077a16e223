import type { Action } from '../../contracts/action.ts';
import type { CredentialKind, CredentialRequest } from '../../contracts/broker-api.ts';
import type { PinnedKeys } from '../../contracts/config.ts';
import { codeOf, HoldpointError } from '../../contracts/errors.ts';
import { Receipt } from '../../contracts/receipt.ts';
import type { RecordBody } from '../../contracts/record.ts';
import type { RunbookRef } from '../../contracts/runbook.ts';
import { covers } from '../../contracts/runbook-scopes.ts';
import type { ProcessId } from '../../contracts/signed.ts';
import { InventoryRef, type Scoped, type ToolContract } from '../../contracts/tools/contract.ts';
import { toolRegistry } from '../../contracts/tools/registry.ts';
import { digestOf } from '../../policies/digest.ts';
import { resolveTarget } from '../../policies/inventory.ts';
import type { Rules } from '../../policies/manifest.ts';
import { openSigned } from '../../policies/signing.ts';
import type { RecorderReader } from '../record/client.ts';
import { parseJson } from '../record/wire.ts';
import { type DescribingClient, describeRun } from './describe.ts';
import type { Manifests } from './manifests.ts';
import type { Minter, Minters } from './minter.ts';

export type EntitlementDeps = {
  readonly keys: PinnedKeys;
  readonly namespace: string;
  readonly client: DescribingClient;
  readonly recorder: Pick<RecorderReader, 'records' | 'getBlob'>;
  readonly manifests: Pick<Manifests, 'require' | 'reload'>;
  readonly minters: Minters;
};
/** What a request may have, as the record and the rules say it: nothing in it is the executor's word alone. */
export type Entitlement = {
  readonly kind: CredentialKind;
  readonly caller: ProcessId;
  readonly workflowId: string;
  readonly runId: string;
  readonly runbook: string;
  readonly minter: Minter;
  readonly access: string;
  readonly place: string;
  readonly note: string;
  readonly rules: Rules;
};
type Intent = Extract<RecordBody, { kind: 'intent' }>;
export type WriteEntitlement = Entitlement & { readonly receipt: Receipt; readonly unaided: boolean };
type Of<K extends CredentialKind> = Extract<CredentialRequest, { kind: K }>;

/**
 * For a write: the recorder's receipt names this very executor, the log holds the intent that it names, and target and tool are
 * those of that intent. Throws `BAD_SIGNATURE`, `NOT_PERMITTED`, `RECEIPT_REFUSED`, or what the record lacks.
 */
export async function entitledToWrite(
  request: Of<'write'>,
  caller: ProcessId,
  deps: EntitlementDeps,
): Promise<WriteEntitlement> {
  const { payload: receipt } = openSigned('receipt', Receipt, request.receipt, deps.keys, (by) => by === 'recorder');
  if (receipt.executor !== caller)
    throw new HoldpointError('NOT_PERMITTED', 'credential: the receipt is for another executor');
  const intent = await intentOf(receipt, deps);
  const found = await ofIntent('write', intent, caller, deps);
  return { ...found, receipt, unaided: intent.request.grant !== null };
}

/** INVARIANT: the log itself holds the intent. A receipt whose intent is not there, or is another, admits nothing. */
async function intentOf(receipt: Receipt, { recorder, namespace }: EntitlementDeps): Promise<Intent> {
  const refused = (why: string) => new HoldpointError('RECEIPT_REFUSED', `credential: ${why}`);
  const [record] = await recorder.records({ from: receipt.intent.seq, limit: 1 });
  if (record === undefined || digestOf(record) !== receipt.intent.hash)
    throw refused('the log holds another record than the receipt names');
  const { body } = record.payload;
  if (body.kind !== 'intent' || body.digest !== receipt.digest || body.attempt !== receipt.attempt)
    throw refused('expected the intent of this digest and attempt');
  if (body.executor !== receipt.executor || body.request.action.namespace !== namespace)
    throw refused('expected an intent of this executor and namespace');
  return body;
}

/** For a call that only looks: a run that runs, of a runbook that lists the tool for this executor's role and these scopes. */
export async function entitledToLook(
  request: Of<'read'> | Of<'predict'>,
  caller: ProcessId,
  deps: EntitlementDeps,
): Promise<Entitlement> {
  const { kind, workflowId, runId, tool, scopes } = request;
  const contract = contractOf(tool);
  if ((kind === 'read') !== (contract.risk === 'read'))
    throw new HoldpointError('NOT_PERMITTED', `credential: expected a tool to ${kind}, got \`${tool}\``);
  const [run, alert] = await Promise.all([
    describeRun(deps.client, deps.namespace, workflowId),
    alertOf(workflowId, runId, deps),
  ]);
  if (run === null || !run.running || run.cancelRequested || run.runId !== runId)
    throw new HoldpointError('STOPPED', `own run of \`${workflowId}\`: it does not run, or was asked to cancel`);
  const listed = { runbook: alert.runbook, manifest: alert.manifest, tool, scopes };
  return { ...(await whereListed(kind, listed, caller, deps)), caller, workflowId, runId };
}

/** A run that is born of a Reset after its first activity has no alert of its own: it is then as its workflow was begun last. */
async function alertOf(workflow: string, runId: string, { recorder }: EntitlementDeps) {
  const matched = (await recorder.records({ workflow, kinds: ['alert'], limit: 500 })).flatMap(
    ({ payload: { body } }) =>
      body.kind === 'alert' && body.runbook !== null
        ? [{ runId: body.runId, runbook: body.runbook, manifest: body.manifest }]
        : [],
  );
  const found = matched.find((alert) => alert.runId === runId) ?? matched.at(-1);
  if (found === undefined)
    throw new HoldpointError('NOT_PERMITTED', `credential: the log has no runbook for \`${workflow}\``);
  return found;
}

/**
 * For what became of an action: whether its run still runs does not matter, nor whether everything is stopped: somebody has to be
 * able to say how a write ended. The log has to hold an intent of this executor for it.
 */
export async function entitledToObserve(
  { workflowId, digest }: Of<'observe'>,
  caller: ProcessId,
  deps: EntitlementDeps,
): Promise<Entitlement> {
  for (const { payload } of await deps.recorder.records({ workflow: workflowId, kinds: ['intent'], limit: 500 })) {
    const { body } = payload;
    if (body.kind === 'intent' && body.digest === digest && body.executor === caller)
      return ofIntent('observe', body, caller, deps);
  }
  throw new HoldpointError('NOT_PERMITTED', 'credential: the log has no intent of this executor for the action');
}

async function ofIntent(
  kind: 'write' | 'observe',
  intent: Intent,
  caller: ProcessId,
  deps: EntitlementDeps,
): Promise<Entitlement> {
  const { action } = intent.request;
  const { workflowId, runId, tool } = action;
  const contract = contractOf(tool);
  if (contract.risk === 'read')
    throw new HoldpointError('NOT_PERMITTED', `credential: \`${tool}\` writes nothing, and needs no receipt`);
  const scopes = await scopesOf(action, contract, caller, deps);
  const listed = { runbook: action.runbook, manifest: action.manifest, tool, scopes };
  const found = await whereListed(kind, listed, caller, deps);
  return { ...found, caller, workflowId, runId, note: `${found.note}, action ${intent.digest}` };
}

/** INVARIANT: the target is the one in the inventory that the digest names; the executor cannot have it minted elsewhere. */
async function scopesOf(
  { args, workflowId }: Action,
  contract: ToolContract,
  caller: ProcessId,
  { recorder, keys }: EntitlementDeps,
): Promise<readonly Scoped[]> {
  const parsed = InventoryRef.safeParse(args.target);
  if (!parsed.success) throw new HoldpointError('INVENTORY_INVALID', 'credential: expected a target');
  const ref = parsed.data;
  const blob = parseJson(await recorder.getBlob(ref.resultHash));
  return contract.scopeOf(args, resolveTarget({ ref, blob, keys, role: roleOf(caller), workflowId }).entity);
}

type Listed = {
  readonly runbook: RunbookRef;
  readonly manifest: string;
  readonly tool: string;
  readonly scopes: readonly Scoped[];
};

async function whereListed(
  kind: CredentialKind,
  { runbook, manifest, tool, scopes }: Listed,
  caller: ProcessId,
  { manifests, minters }: EntitlementDeps,
): Promise<Pick<Entitlement, 'kind' | 'runbook' | 'minter' | 'access' | 'place' | 'note' | 'rules'>> {
  const rules = await rulesOf(manifest, manifests);
  const loaded = rules.runbooks.get(runbook.id);
  if (loaded === undefined || loaded.digest !== runbook.digest)
    throw new HoldpointError('RUNBOOK_MISMATCH', 'credential: expected a runbook of its manifest');
  if (loaded.runbook.identity.role !== roleOf(caller))
    throw new HoldpointError('NOT_PERMITTED', `credential: \`${runbook.id}\` is not a runbook of this executor's role`);
  const listing = loaded.runbook.tools.find((one) => one.tool === tool);
  if (!listing || !scopes.every((scope) => covers(listing.scopes, scope)))
    throw new HoldpointError('NOT_PERMITTED', `credential: \`${runbook.id}\` does not list \`${tool}\` there`);
  const minter = minters.get(tool.split('.')[0] ?? '');
  if (minter === undefined) throw new HoldpointError('TOOL_UNKNOWN', 'credential: this broker mints nothing for it');
  const [access, place] = [minter.accessOf(kind, tool, runbook.id), minter.placeOf(scopes)];
  return { kind, runbook: runbook.id, minter, access, place, note: `${kind} by ${runbook.id}`, rules };
}

/** A manifest may be seconds old: this copy is read again before it is called unknown. */
async function rulesOf(digest: string, manifests: EntitlementDeps['manifests']): Promise<Rules> {
  try {
    return manifests.require(digest);
  } catch (error) {
    if (codeOf(error) !== 'MANIFEST_UNKNOWN') throw error;
    await manifests.reload();
    return manifests.require(digest);
  }
}

function contractOf(tool: string): ToolContract {
  const contract = toolRegistry.get(tool);
  if (contract === undefined) throw new HoldpointError('TOOL_UNKNOWN', 'credential: expected a tool of the registry');
  return contract;
}

const executorPrefix = 'executor.';
/** Throws `NOT_PERMITTED`: no other process ever has a target's credential. */
export function mustBeExecutor(caller: ProcessId): void {
  if (!caller.startsWith(executorPrefix))
    throw new HoldpointError('NOT_PERMITTED', `credential: \`${caller}\` is no executor`);
}
const roleOf = (caller: ProcessId): string => caller.slice(executorPrefix.length);
