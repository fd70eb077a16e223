import { Context } from '@temporalio/activity';
import { codeOf } from '../../contracts/errors.ts';
import type { ModelUsage } from '../../contracts/model-usage.ts';
import type { Beats, Kept } from './beats.ts';
import type { Drafting } from './graph.ts';
import { createPurse, noUsage, type ReadRecords, spentBefore } from './purse.ts';
import type { Budget, Draft, FaultCode, Model, Purse } from './turn.ts';

/** What is left of an activity's own time when its model is given up: for the trace, and for saying so. */
const marginMs = 5_000;
const turnMsDefault = 60_000;
const keptCharsMax = 32_768;

export type AskingOptions = {
  readonly model: Model;
  readonly records: ReadRecords;
  readonly workflowId: string;
  /** Digest of everything that the turn is made of, but the marker of its fence. */
  readonly turn: string;
  readonly beats: Beats;
};
export type Asking = {
  readonly draft: Drafting;
  /** Undefined for a model that costs nothing. */
  usage(): ModelUsage | undefined;
};

const free: Purse = { reserve: () => () => {} };

/**
 * One turn's dealings with its model, in bounds of time and cost. A model that does not answer is a draft like any other,
 * with a fault. What a model with a price has answered is kept for another attempt at the same turn, which then neither pays
 * twice nor is answered differently. Throws `RECORDER_AWAY`.
 */
export async function openAsking({ model, records, workflowId, turn, beats }: AskingOptions): Promise<Asking> {
  const time = timeOf(model.budget);
  const ask = (purse: Purse): Drafting => {
    return (shown) => model.draft(shown, { ...time, purse }).catch((error: unknown) => faultOf(model, error));
  };
  if (model.budget === null) return { draft: ask(free), usage: () => undefined };
  const { earlier } = beats;
  const answers = earlier?.turn === turn ? [...earlier.answers] : [];
  const keep = (): void => beats.keep({ v: 1, turn, spent: purse.spent(), answers });
  const purse = createPurse({
    budget: model.budget,
    before: await spentBefore(records, workflowId),
    here: earlier?.spent ?? noUsage,
    changed: () => keep(),
  });
  return { draft: answeredOnce(ask(purse), answers, keep), usage: () => purse.spent() };
}

/** Answers from what is kept, in its order; asks for the rest, and keeps it. */
function answeredOnce(ask: Drafting, answers: Kept['answers'], keep: () => void): Drafting {
  let asked = 0;
  return async (shown) => {
    const known = answers[asked];
    asked += 1;
    if (known !== undefined) return draftOf(known);
    const draft = await ask(shown);
    const answer = answerOf(draft);
    if (answer !== null && answers.length === asked - 1) {
      answers.push(answer);
      keep();
    }
    return draft;
  };
}

/** Null for what another attempt had better ask again: no answer, or one too long to be kept. */
function answerOf({ model, label, said, fault }: Draft): Kept['answers'][number] | null {
  if (fault !== undefined && fault.code !== 'PROPOSAL_INVALID') return null;
  const text = JSON.stringify(said);
  if (text === undefined || text.length > keptCharsMax) return null;
  const answer = { model, label, said: JSON.parse(text) as Kept['answers'][number]['said'] };
  return fault === undefined ? answer : { ...answer, fault: { code: 'PROPOSAL_INVALID', reason: fault.reason } };
}

const draftOf = ({ fault, ...answer }: Kept['answers'][number]): Draft =>
  fault === undefined ? answer : { ...answer, fault };

function timeOf(budget: Budget | null): { readonly signal: AbortSignal; readonly endsAt: number } {
  const { info, cancellationSignal } = Context.current();
  const own = info.startToCloseTimeoutMs > 0 ? Math.max(info.startToCloseTimeoutMs - marginMs, 0) : turnMsDefault;
  const ms = Math.min(budget?.turnMsMax ?? turnMsDefault, own);
  return {
    signal: AbortSignal.any([cancellationSignal, AbortSignal.timeout(ms)]),
    endsAt: performance.now() + ms,
  };
}

const faultCodes: ReadonlySet<string> = new Set(['MODEL_FAILED', 'BUDGET_SPENT'] satisfies FaultCode[]);

function faultOf({ name }: Model, error: unknown): Draft {
  const code = codeOf(error);
  // Whoever cancelled waits for no answer, and none is made up.
  if (Context.current().cancellationSignal.aborted || !(error instanceof Error) || !faultCodes.has(code)) throw error;
  const reason = error.message.slice(0, 400);
  return { model: name, label: null, said: null, fault: { code: code as FaultCode, reason } };
}
