import { setTimeout as sleep } from 'node:timers/promises';
import { HumanMessage, SystemMessage } from '@langchain/core/messages';
import type { ModelProvider } from '../../../contracts/config.ts';
import { HoldpointError } from '../../../contracts/errors.ts';
import { type Answer, AnswerInParts } from '../provider/answer.ts';
import { type Client, loadClient, type ProviderKind } from '../provider/clients.ts';
import { type Offers, offersOf } from '../provider/offers.ts';
import { type Question, questionOf } from '../provider/question.ts';
import { draftOf } from '../provider/said.ts';
import { openTransport, type Trouble } from '../provider/transport.ts';
import type { Bounds, Model, Tokens } from '../turn.ts';

/** Of an event stream, for one token: what surrounds it is many times as long. */
const bytesPerToken = 512;
const bytesBeside = 65_536;
/** Of a request: a guess that is rather too high, until the provider says how many there were. */
const bytesPerInputToken = 3;
const pauseMsMax = 60_000;
const micros = 1_000_000;
const nameCharsMax = 64;

type Asking = { readonly client: Client; readonly provider: ModelProvider; readonly offers: Offers };

/**
 * A model behind a provider's protocol. Each request is counted before it is made, bounded in bytes, silence and time, and
 * tried again only where that may help: after a 429, a 5xx, no answer or half of one, when there is time. Throws `MODEL_FAILED`
 * or `BUDGET_SPENT`, in words that hold neither the key nor what was asked.
 */
export async function createProviderModel(
  kind: ProviderKind,
  provider: ModelProvider,
  key: string | null,
): Promise<Model> {
  const client = await loadClient(kind, provider, key);
  const { budget, prices, turnMsMax } = provider;
  const name = `${kind}/${provider.name}`.slice(0, nameCharsMax);
  return {
    name,
    budget: {
      inputTokensMax: budget.inputTokensMax,
      outputTokensMax: budget.outputTokensMax,
      costMicrosMax: Math.floor(budget.costMax * micros),
      turnMsMax,
      prices,
    },
    draft: async (turn, bounds) => {
      const offers = offersOf(turn.runbook);
      const answer = await untilAnswered({ client, provider, offers }, questionOf(turn), bounds);
      return draftOf(name, offers, answer);
    },
  };
}

async function untilAnswered(asking: Asking, question: Question, bounds: Bounds): Promise<Answer> {
  const { triesMax, pauseMs, turnMsMax } = asking.provider;
  for (let attempt = 1; ; attempt++) {
    const settle = bounds.purse.reserve(mostOf(asking, question));
    const said = await ask(asking, question, bounds.signal);
    if (!('reason' in said)) {
      settle(said.took);
      return said;
    }
    settle(said.unpaid ? { inputTokens: 0, outputTokens: 0 } : null);
    if (bounds.signal.aborted) throw failed(`no answer within ${turnMsMax} ms for a turn`);
    if (!said.passing) throw failed(said.reason);
    if (attempt >= triesMax) throw failed(`${said.reason}, at the last of ${triesMax} tries`);
    const waitMs = said.afterMs ?? Math.min(pauseMs * 2 ** (attempt - 1), pauseMsMax);
    if (performance.now() + waitMs >= bounds.endsAt) throw failed(`${said.reason}, and no time for another try`);
    await sleep(waitMs, undefined, { signal: bounds.signal }).catch(() => undefined);
  }
}

const failed = (reason: string): HoldpointError => new HoldpointError('MODEL_FAILED', `model: ${reason}`);

/** One request. */
async function ask(
  { client, provider, offers }: Asking,
  { system, user }: Question,
  signal: AbortSignal,
): Promise<Answer | Trouble> {
  const answerBytesMax = bytesBeside + provider.outputTokensMax * bytesPerToken;
  const transport = openTransport({ signal, answerBytesMax, silenceMsMax: provider.silenceMsMax });
  const parts = new AnswerInParts();
  try {
    const messages = [new SystemMessage(system), new HumanMessage(user)];
    for await (const chunk of client({ messages, tools: offers.tools, fetch: transport.fetch, signal }))
      parts.add(chunk);
    const { answer } = parts;
    return transport.trouble() ?? (answer.stop === null ? cutShort : answer);
  } catch {
    // What a library throws may quote what it read: only our own words go on.
    return transport.trouble() ?? cutShort;
  } finally {
    transport.close();
  }
}

const cutShort: Trouble = {
  reason: 'an answer that was cut short or cannot be read',
  passing: true,
  afterMs: null,
  unpaid: false,
};

function mostOf({ provider, offers }: Asking, { system, user }: Question): Tokens {
  const bytes = Buffer.byteLength(system) + Buffer.byteLength(user) + Buffer.byteLength(JSON.stringify(offers.tools));
  return { inputTokens: Math.ceil(bytes / bytesPerInputToken), outputTokens: provider.outputTokensMax };
}
