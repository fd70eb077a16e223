import { z } from 'zod';
import { type Protocol, piecesOf, type Saying, tookDefault } from './protocol.ts';

// What Anthropic documents of its Messages API, version 2023-06-01, for what is used here.

const Tool = z.strictObject({
  name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/),
  description: z.string(),
  input_schema: z.looseObject({ type: z.literal('object'), properties: z.record(z.string(), z.unknown()) }),
});
const Request = z.strictObject({
  model: z.string(),
  max_tokens: z.number().int().positive(),
  stream: z.literal(true),
  system: z.string(),
  messages: z.array(z.strictObject({ role: z.enum(['user', 'assistant']), content: z.string() })).min(1),
  tools: z.array(Tool).min(1),
  tool_choice: z.strictObject({ type: z.literal('any') }),
  temperature: z.number().optional(),
});

const stops: Readonly<Record<string, string>> = {
  calls: 'tool_use',
  end: 'end_turn',
  limit: 'max_tokens',
  refusal: 'refusal',
};
const event = (data: { readonly type: string; readonly [key: string]: unknown }): string =>
  `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;

function events({ calls = [], text, stop = 'calls', took = tookDefault }: Saying): readonly string[] {
  const { inputTokens, outputTokens } = took ?? { inputTokens: 0, outputTokens: 0 };
  const message = {
    ...{ id: 'msg_1', type: 'message', role: 'assistant', content: [], model: 'm', stop_reason: null },
    ...{ stop_sequence: null, usage: { input_tokens: inputTokens, output_tokens: 1 } },
  };
  const blocks = [
    ...(text === undefined ? [] : [{ start: { type: 'text', text: '' }, deltas: [{ type: 'text_delta', text }] }]),
    ...calls.map(({ name, args }, at) => ({
      start: { type: 'tool_use', id: `toolu_${at}`, name, input: {} },
      deltas: piecesOf(args).map((partial_json) => ({ type: 'input_json_delta', partial_json })),
    })),
  ];
  return [
    event({ type: 'message_start', message }),
    event({ type: 'ping' }),
    ...blocks.flatMap(({ start, deltas }, index) => [
      event({ type: 'content_block_start', index, content_block: start }),
      ...deltas.map((delta) => event({ type: 'content_block_delta', index, delta })),
      event({ type: 'content_block_stop', index }),
    ]),
    event({
      type: 'message_delta',
      delta: { stop_reason: stops[stop] ?? stop, stop_sequence: null },
      usage: { output_tokens: took === null ? 0 : outputTokens },
    }),
    event({ type: 'message_stop' }),
  ];
}

export const anthropic: Protocol = {
  path: '/v1/messages',
  keyOf: (headers) => headers['x-api-key'] ?? '',
  fault: ({ headers, body }) => {
    if (headers['anthropic-version'] !== '2023-06-01') return 'anthropic-version';
    if (headers.authorization !== undefined) return 'authorization';
    const parsed = Request.safeParse(body);
    return parsed.success ? null : z.prettifyError(parsed.error);
  },
  said: ({ body }) => {
    const { system, messages } = Request.parse(body);
    return { system, user: messages.at(-1)?.content ?? '' };
  },
  events,
  failing: event({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }),
};
