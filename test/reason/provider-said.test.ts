import { AIMessageChunk } from '@langchain/core/messages';
import { ChatGenerationChunk } from '@langchain/core/outputs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Answer, AnswerInParts } from '../../activities/reason/provider/answer.ts';
import { concludeTool, offersOf } from '../../activities/reason/provider/offers.ts';
import { draftOf } from '../../activities/reason/provider/said.ts';
import { validateDraft } from '../../activities/reason/validate-draft.ts';
import { toolRegistry } from '../../contracts/tools/registry.ts';
import { runbook } from './under-test.ts';

const offers = offersOf(runbook);
const shown = { callsMax: 4, evidence: [] };
const input = { args: { database: 'payments' }, why: 'look', hypotheses: [] };
const read = { name: 'postgres_activity', args: JSON.stringify(input) };
const answerOf = (over: Partial<Answer>): Answer => ({
  calls: [read],
  text: '',
  stop: 'tool_use',
  took: null,
  ...over,
});
const callsOf = (answer: Answer) => {
  const { said, fault } = draftOf('test', offers, answer);
  return fault === undefined ? validateDraft(said, shown).calls : [];
};

describe('what a provider streamed', () => {
  it('makes no call of arguments that were cut short, wherever that was', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: read.args.length - 1 }), (length) => {
        expect(callsOf(answerOf({ calls: [{ ...read, args: read.args.slice(0, length) }] }))).toEqual([]);
      }),
    );
    expect(callsOf(answerOf({}))).toHaveLength(1);
  });

  it('makes calls of tools of the registry alone, and never fails, whatever it is', () => {
    const name = fc.oneof(fc.constantFrom(...offers.nameOf.keys(), concludeTool, 'constructor'), fc.string());
    const args = fc.oneof(fc.json(), fc.string(), fc.constant(read.args), fc.constant('{"__proto__":{"tool":"x"}}'));
    const stop = fc.oneof(fc.constantFrom('tool_use', 'stop', 'length', null), fc.string());
    fc.assert(
      fc.property(fc.array(fc.record({ name, args }), { maxLength: 80 }), stop, (calls, why) => {
        for (const call of callsOf(answerOf({ calls, stop: why }))) expect(toolRegistry.has(call.tool)).toBe(true);
      }),
    );
  });

  const chunk = (index: number, part: { id?: string; name?: string; args?: string }, rest: object = {}) =>
    new ChatGenerationChunk({
      text: '',
      message: new AIMessageChunk({
        content: '',
        tool_call_chunks: [{ type: 'tool_call_chunk', index, ...part }],
        ...rest,
      }),
    });
  const partsOf = (...chunks: ChatGenerationChunk[]): Answer => {
    const parts = new AnswerInParts();
    for (const one of chunks) parts.add(one);
    return parts.answer;
  };

  it('keeps two calls apart that a server gave one index, by their ids', () => {
    const { calls } = partsOf(
      chunk(0, { id: 'a', name: 'x', args: '{' }),
      chunk(0, { args: '}' }),
      chunk(0, { id: 'b', name: 'y', args: '{}' }),
    );
    expect(calls).toEqual([
      { name: 'x', args: '{}' },
      { name: 'y', args: '{}' },
    ]);
  });

  it('counts tokens of the whole answer once, however often the server says them', () => {
    const usage = (output_tokens: number) => ({
      usage_metadata: { input_tokens: 10, output_tokens, total_tokens: 10 + output_tokens },
    });
    const { took, stop } = partsOf(chunk(0, { name: 'x' }, usage(1)), chunk(0, { args: '{}' }, usage(7)));
    expect({ took, stop }).toEqual({ took: { inputTokens: 10, outputTokens: 7 }, stop: null });
  });
});

describe('what a provider is offered', () => {
  it('is the tools of the runbook, each by a name that providers take, and one to conclude', () => {
    const names = offers.tools.map(({ name }) => name);
    expect(names).toHaveLength(runbook.runbook.tools.length + 1);
    for (const name of names) expect(name).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
    expect([...offers.nameOf.values()]).toEqual(runbook.runbook.tools.map(({ tool }) => tool));
    expect(names.at(-1)).toBe(concludeTool);
  });

  it('says what each takes: its own arguments and no other field', () => {
    const terminate = offers.tools.find(({ name }) => name === 'postgres_terminateBackend');
    expect(terminate?.schema).toMatchObject({
      type: 'object',
      additionalProperties: false,
      required: ['args', 'why', 'hypotheses'],
      properties: { args: { properties: { target: { required: ['entity', 'resultHash'] } } } },
    });
  });
});
