import type { AIMessageChunk, UsageMetadata } from '@langchain/core/messages';
import type { ChatGenerationChunk } from '@langchain/core/outputs';
import type { Tokens } from '../turn.ts';

/** One call of a tool as a provider streams it: its arguments are text until they are read as JSON, whole. */
export type RawCall = { readonly name: string; readonly args: string };
export type Answer = {
  readonly calls: readonly RawCall[];
  readonly text: string;
  /** Why the model stopped, in the provider's word; null when the stream ended without one: it was cut short. */
  readonly stop: string | null;
  /** Null when the provider did not say. */
  readonly took: Tokens | null;
};

const textCharsMax = 32_768;
type Open = { readonly id: string | undefined; name: string; readonly args: string[] };

/**
 * Puts an answer together from its chunks, in time linear in them. The library's own sum of chunks reads half a JSON text as
 * if it were whole, by closing what is open: an argument that was cut short would look like one that is meant.
 */
export class AnswerInParts {
  private readonly calls: Open[] = [];
  private readonly openAt = new Map<number, Open>();
  private text = '';
  private stop: string | null = null;
  private inputTokens = 0;
  private outputTokens = 0;

  add({ message, generationInfo }: ChatGenerationChunk): void {
    const chunk = message as AIMessageChunk;
    for (const part of chunk.tool_call_chunks ?? []) this.addToCall(part);
    if (this.text.length < textCharsMax) this.text += chunk.text.slice(0, textCharsMax);
    this.stop ??= stopOf(chunk.additional_kwargs.stop_reason) ?? stopOf(generationInfo?.finish_reason);
    // Counts are of the whole answer so far, and some come twice.
    const usage = chunk.usage_metadata as UsageMetadata | undefined;
    this.inputTokens = Math.max(this.inputTokens, tokensOf(usage?.input_tokens));
    this.outputTokens = Math.max(this.outputTokens, tokensOf(usage?.output_tokens));
  }

  get answer(): Answer {
    const calls = this.calls.map(({ name, args }) => ({ name, args: args.join('') }));
    const { text, stop, inputTokens, outputTokens } = this;
    return { calls, text, stop, took: inputTokens > 0 ? { inputTokens, outputTokens } : null };
  }

  private addToCall({ index = 0, id, name, args }: NonNullable<AIMessageChunk['tool_call_chunks']>[number]): void {
    const known = this.openAt.get(index);
    // Some servers give every call of an answer the same index, and each its own id.
    const isAnother = known === undefined || (id !== undefined && known.id !== undefined && id !== known.id);
    const open = isAnother ? { id, name: '', args: [] } : known;
    if (isAnother) {
      this.calls.push(open);
      this.openAt.set(index, open);
    }
    open.name += name ?? '';
    if (args !== undefined) open.args.push(args);
  }
}

const stopOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
const tokensOf = (value: unknown): number => (Number.isSafeInteger(value) ? Math.max(0, value as number) : 0);
