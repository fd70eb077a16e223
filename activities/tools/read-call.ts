import { ToolCall } from '../../contracts/action.ts';
import { HoldpointError } from '../../contracts/errors.ts';
import { ReadResult, type SignedResult } from '../../contracts/evidence.ts';
import type { EvidenceRef, ReadInput } from '../../contracts/incident.ts';
import { jcs, sha256Hex } from '../../policies/digest.ts';
import { type TakenIn, takeInAnswer } from '../../policies/intake.ts';
import { firstIssue } from '../../policies/signing.ts';
import { callHash } from '../../policies/usage.ts';
import type { JudgedHere } from '../judge/judge-call.ts';
import { inScope, type Scope } from './activity-scope.ts';
import { accessTo } from './borrow.ts';
import { jsonBytes } from './bounded.ts';
import type { ExecutorDeps } from './executor-deps.ts';
import type { LookContext, ReadTool } from './implement.ts';
import { judgeHere, toolOf } from './judge-here.ts';

/** Left of the result bound for everything that is not the tool's own answer. */
const envelopeBytes = 16_384;
const marginMs = 1_000;

/**
 * One read: judged again, run under bounds by a login that can only read, signed, stored and recorded. What goes back to
 * the workflow is a reference; the text of a target never enters a history.
 */
export const createReadCall =
  (deps: ExecutorDeps) =>
  (input: ReadInput): Promise<EvidenceRef> =>
    inScope({ name: 'readCall', digest: null }, deps, (scope) => read(input, scope, deps));

async function read(input: ReadInput, scope: Scope, deps: ExecutorDeps): Promise<EvidenceRef> {
  const call = parseCall(input.call);
  const { context, step } = input;
  const { place } = scope;
  const records = await deps.incidentRecords.of(place.workflowId);
  const own = { kind: 'read', runId: place.runId, step, tool: call.tool } as const;
  const judged = await judgeHere({ place, context, call, records, own }, ['read'], deps);
  const tool = toolOf(call.tool, 'read', deps) as ReadTool;
  // Its time is when it began: whatever changed since may not be in it.
  const at = new Date(deps.clock()).toISOString();
  const { workflowId, runId } = place;
  const scopes = [...tool.contract.scopeOf(call.args, null)];
  const credential = accessTo({ kind: 'read', workflowId, runId, tool: call.tool, scopes }, deps);
  const answer = await answerOf(tool, call, judged, { signal: scope.signal, credential });
  const result = signResult({ ...input, call }, { ...answer, at }, scope, deps);
  const bytes = jcs(result);
  const evidence: EvidenceRef = {
    step,
    tool: call.tool,
    resultHash: sha256Hex(bytes),
    at: result.payload.at,
    entityCount: answer.entities.length,
    bytes: Buffer.byteLength(bytes, 'utf8'),
  };
  await deps.recorder.putBlob(bytes);
  const { findings } = result.payload;
  if (findings !== undefined)
    await deps.recorder.append({
      kind: 'finding',
      workflowId,
      runId,
      from: call.tool,
      ref: evidence.resultHash,
      findings,
    });
  await deps.recorder.append({
    kind: 'result',
    workflowId,
    runId,
    evidence,
    call: callHash(call),
    signer: deps.signer.as,
  });
  return evidence;
}

function parseCall(raw: unknown): ToolCall {
  const parsed = ToolCall.safeParse(raw);
  if (!parsed.success) throw new HoldpointError('BAD_INPUT', `call: ${firstIssue(parsed.error)}`);
  return parsed.data;
}

async function answerOf(
  tool: ReadTool,
  call: ToolCall,
  judged: JudgedHere,
  { signal, credential }: LookContext,
): Promise<TakenIn> {
  const args = tool.contract.args.safeParse(call.args);
  if (!args.success) throw new HoldpointError('BAD_INPUT', `\`${call.tool}\`: ${firstIssue(args.error)}`);
  const limit = (name: 'readMsMax' | 'resultBytesMax') =>
    Math.min(judged.rules.limits[name], judged.newest.limits[name]);
  const late = AbortSignal.timeout(Math.max(limit('readMsMax') - marginMs, limit('readMsMax') / 2));
  const bytesMax = limit('resultBytesMax');
  const raw = await tool.read(args.data, {
    signal: AbortSignal.any([signal, late]),
    credential,
    bytesMax: Math.max(bytesMax - envelopeBytes, Math.floor(bytesMax / 2)),
  });
  // INVARIANT: from here on nobody has what the target said, only what may leave this process.
  const answer = takeInAnswer(raw);
  const data = tool.contract.result.safeParse(answer.data);
  if (!data.success) throw new HoldpointError('INTERNAL', `\`${call.tool}\`: result ${firstIssue(data.error)}`);
  const bytes = jsonBytes(answer.data) + jsonBytes([...answer.entities]);
  if (bytes > bytesMax)
    throw new HoldpointError('TOO_LARGE', `\`${call.tool}\`: expected at most ${bytesMax} bytes, got ${bytes}`);
  return { ...answer, data: data.data };
}

function signResult(
  { context, step, call }: ReadInput,
  { data, entities, findings, at }: TakenIn & { readonly at: string },
  { place, activityId }: Scope,
  { signer }: ExecutorDeps,
): SignedResult {
  const result = ReadResult.safeParse({
    v: 1,
    workflowId: place.workflowId,
    runId: place.runId,
    activityId,
    step,
    runbook: context.runbook,
    tool: call.tool,
    args: call.args,
    at,
    data,
    entities,
    ...(findings.length === 0 ? {} : { findings }),
  });
  if (!result.success) throw new HoldpointError('BAD_INPUT', `result: ${firstIssue(result.error)}`);
  return signer.sign('result', result.data);
}
