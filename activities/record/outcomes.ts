import { HoldpointError } from '../../contracts/errors.ts';
import { Outcome } from '../../contracts/evidence.ts';
import type { Appended } from '../../contracts/recorder-api.ts';
import type { ProcessId } from '../../contracts/signed.ts';
import { openSigned } from '../../policies/signing.ts';
import { tripWhenDue } from './breaker.ts';
import type { RecorderParts } from './parts.ts';

/**
 * Appends what an executor signed about one of its attempts; sent again, it is answered with the first. Also after the
 * seal, and also after the recorder wrote *unknown*: the record then shows both. Throws `BAD_SIGNATURE`, or
 * `RECORD_REFUSED` for an attempt that this executor was never admitted to, or that has another signed outcome.
 */
export async function recordOutcome(parts: RecorderParts, raw: unknown, caller: ProcessId): Promise<Appended> {
  if (!caller.startsWith('executor.'))
    throw new HoldpointError('NOT_PERMITTED', `\`${caller}\` may not record an outcome`);
  const outcome = openSigned('outcome', Outcome, raw, parts.keys, (signer) => signer === caller);
  const { workflowId, runId, digest, attempt, status, detail } = outcome.payload;
  const body = {
    kind: 'outcome',
    workflowId,
    runId,
    digest,
    attempt,
    outcome,
    status,
    why: detail.slice(0, 500),
  } as const;
  return parts.log.write((writer) => {
    const { state } = writer;
    const first = state.sameBody(body);
    if (first !== null) return state.appendedAt(first);
    const intent = state.intents.attempt(digest, attempt);
    if (intent === null || intent.body.executor !== caller)
      throw refused(`\`${caller}\` was never admitted to attempt ${attempt} of \`${digest}\``);
    if (intent.body.workflowId !== workflowId || intent.body.runId !== runId)
      throw refused(`attempt ${attempt} of \`${digest}\` belongs to another run`);
    const known = intent.ends.find(({ signed, status: end }) => signed && end !== 'unknown');
    if (known !== undefined) throw refused(`record ${known.seq} already says how this attempt ended`);
    const appended = writer.append(body, caller);
    tripWhenDue(parts, writer, intent.body.request.action);
    return appended;
  });
}

const refused = (message: string): HoldpointError => new HoldpointError('RECORD_REFUSED', `outcome: ${message}`);
