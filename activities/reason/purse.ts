import { HoldpointError } from '../../contracts/errors.ts';
import type { ModelUsage } from '../../contracts/model-usage.ts';
import type { SignedRecord } from '../../contracts/record.ts';
import type { RecordsQuery } from '../record/client.ts';
import type { Budget, Purse, Tokens } from './turn.ts';

export const noUsage: ModelUsage = { requests: 0, inputTokens: 0, outputTokens: 0, costMicros: 0 };
export type ReadRecords = (query: RecordsQuery) => Promise<SignedRecord[]>;

/**
 * What the turns of an incident have taken so far, by the log: over all of its runs, and whichever process made them. Throws
 * `RECORDER_AWAY`: what nobody can count is not spent.
 */
export async function spentBefore(records: ReadRecords, workflowId: string): Promise<ModelUsage> {
  let spent = noUsage;
  for (let from = 0; ; ) {
    const page = await records({ workflow: workflowId, kinds: ['proposal'], from });
    const last = page.at(-1);
    if (last === undefined) return spent;
    for (const { payload } of page)
      if (payload.body.kind === 'proposal') spent = sum(spent, payload.body.usage ?? noUsage);
    from = last.payload.seq + 1;
  }
}

export type PurseOptions = {
  readonly budget: Budget;
  /** By the log: all turns before this one. */
  readonly before: ModelUsage;
  /** By earlier attempts at this turn. */
  readonly here: ModelUsage;
  /** Called whenever more or less is spent, before the request that it is spent on is made. */
  readonly changed: () => void;
};

/** Counts what one turn takes, within what the incident has left. A request is counted before it is made, at its most. */
export function createPurse({ budget, before, here, changed }: PurseOptions): Purse & { spent(): ModelUsage } {
  let spent = here;
  return {
    spent: () => spent,
    reserve: (most) => {
      const reserved = usageOf(1, most, budget);
      mustFit(sum(before, sum(spent, reserved)), budget);
      spent = sum(spent, reserved);
      changed();
      return (took) => {
        if (took === null) return;
        const real = usageOf(1, took, budget);
        spent = sum(minus(spent, reserved), real);
        changed();
      };
    },
  };
}

function mustFit({ inputTokens, outputTokens, costMicros }: ModelUsage, budget: Budget): void {
  const over = (what: string, most: number, max: number): void => {
    if (most > max)
      throw new HoldpointError(
        'BUDGET_SPENT',
        `model: expected at most ${max} ${what} for one incident; with this request it would be up to ${most}`,
      );
  };
  over('input tokens', inputTokens, budget.inputTokensMax);
  over('output tokens', outputTokens, budget.outputTokensMax);
  over('millionths of cost', costMicros, budget.costMicrosMax);
}

const usageOf = (requests: number, { inputTokens, outputTokens }: Tokens, { prices }: Budget): ModelUsage => ({
  requests,
  inputTokens,
  outputTokens,
  costMicros: Math.ceil(inputTokens * prices.inputPerMillion + outputTokens * prices.outputPerMillion),
});

const each = (a: ModelUsage, b: ModelUsage, of: (a: number, b: number) => number): ModelUsage => ({
  requests: of(a.requests, b.requests),
  inputTokens: of(a.inputTokens, b.inputTokens),
  outputTokens: of(a.outputTokens, b.outputTokens),
  costMicros: of(a.costMicros, b.costMicros),
});
const sum = (a: ModelUsage, b: ModelUsage): ModelUsage => each(a, b, (x, y) => x + y);
const minus = (a: ModelUsage, b: ModelUsage): ModelUsage => each(a, b, (x, y) => x - y);
