import type { BaseMessage } from '@langchain/core/messages';
import type { ChatGenerationChunk } from '@langchain/core/outputs';
import type { ModelProvider } from '../../../contracts/config.ts';
import type { ToolOffer } from './offers.ts';

export type ProviderKind = 'anthropic' | 'openai';
export type Request = {
  readonly messages: BaseMessage[];
  readonly tools: readonly ToolOffer[];
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal;
};
/** Asks a provider, and answers what it says as it comes. */
export type Client = (request: Request) => AsyncIterable<ChatGenerationChunk>;

const addresses: Readonly<Record<ProviderKind, string>> = {
  anthropic: 'https://api.anthropic.com',
  openai: 'https://api.openai.com/v1',
};

/**
 * A client of the provider's protocol. Its library is loaded here, and only where it is configured. The stream of chunks is
 * read as it comes: without callbacks, so that nothing traces it elsewhere, and without retries, which are counted here.
 */
export async function loadClient(kind: ProviderKind, provider: ModelProvider, key: string | null): Promise<Client> {
  const { name, baseUrl = addresses[kind], outputTokensMax } = provider;
  const settings = { model: name, maxTokens: outputTokensMax, maxRetries: 0, streaming: true };
  switch (kind) {
    case 'anthropic': {
      const { ChatAnthropic } = await import('@langchain/anthropic');
      return ({ messages, tools, fetch, signal }) => {
        const options = { fetch, logLevel: 'off' as const };
        const chat = new ChatAnthropic({
          ...settings,
          apiKey: key ?? '',
          anthropicApiUrl: baseUrl,
          clientOptions: options,
        });
        return chat._streamResponseChunks(messages, { tools: tools.map(toAnthropic), tool_choice: 'any', signal });
      };
    }
    case 'openai': {
      const { ChatOpenAI } = await import('@langchain/openai');
      return ({ messages, tools, fetch, signal }) => {
        const configuration = { baseURL: baseUrl, fetch, logLevel: 'off' as const };
        // A server that asks for no key is sent a word that is none; the library refuses to send nothing.
        const apiKey = key ?? 'none';
        const chat = new ChatOpenAI({ ...settings, apiKey, configuration, useResponsesApi: false });
        return chat._streamResponseChunks(messages, { tools: tools.map(toOpenAI), tool_choice: 'required', signal });
      };
    }
  }
}

const toAnthropic = ({ name, description, schema }: ToolOffer) => ({ name, description, input_schema: schema });
const toOpenAI = ({ name, description, schema }: ToolOffer) => ({
  type: 'function' as const,
  function: { name, description, parameters: schema },
});
