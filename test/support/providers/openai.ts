import { z } from 'zod';
import { type Protocol, piecesOf, type Saying, tookDefault } from './protocol.ts';

// What OpenAI documents of its chat completions, as other servers offer them too, for what is used here.

const Tool = z.strictObject({
  type: z.literal('function'),
  function: z.strictObject({
    name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/),
    description: z.string(),
    parameters: z.looseObject({ type: z.literal('object'), properties: z.record(z.string(), z.unknown()) }),
  }),
});
const Request = z.strictObject({
  model: z.string(),
  max_tokens: z.number().int().positive(),
  stream: z.literal(true),
  stream_options: z.strictObject({ include_usage: z.literal(true) }),
  messages: z.array(z.strictObject({ role: z.enum(['system', 'user', 'assistant']), content: z.string() })).min(2),
  tools: z.array(Tool).min(1),
  tool_choice: z.literal('required'),
  temperature: z.number().optional(),
});

const stops: Readonly<Record<string, string>> = {
  calls: 'tool_calls',
  end: 'stop',
  limit: 'length',
  refusal: 'content_filter',
};
const chunk = (rest: object): string =>
  `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1_767_225_600, model: 'm', ...rest })}\n\n`;
const delta = (said: object, finish_reason: string | null = null): string =>
  chunk({ choices: [{ index: 0, delta: said, logprobs: null, finish_reason }] });

function events({ calls = [], text, stop = 'calls', took = tookDefault }: Saying): readonly string[] {
  const ofCall = ({ name, args }: { readonly name: string; readonly args: unknown }, index: number): string[] => [
    delta({ tool_calls: [{ index, id: `call_${index}`, type: 'function', function: { name, arguments: '' } }] }),
    ...piecesOf(args).map((piece) => delta({ tool_calls: [{ index, function: { arguments: piece } }] })),
  ];
  const usage = (prompt_tokens: number, completion_tokens: number) => ({
    ...{ prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens },
  });
  return [
    delta({ role: 'assistant', content: text === undefined ? null : '' }),
    ...(text === undefined ? [] : [delta({ content: text })]),
    ...calls.flatMap(ofCall),
    delta({}, stops[stop] ?? stop),
    ...(took === null ? [] : [chunk({ choices: [], usage: usage(took.inputTokens, took.outputTokens) })]),
    'data: [DONE]\n\n',
  ];
}

export const openai: Protocol = {
  path: '/v1/chat/completions',
  keyOf: ({ authorization = '' }) => authorization.replace(/^Bearer /, ''),
  fault: ({ body }) => {
    const parsed = Request.safeParse(body);
    return parsed.success ? null : z.prettifyError(parsed.error);
  },
  said: ({ body }) => {
    const { messages } = Request.parse(body);
    return { system: messages[0]?.content ?? '', user: messages.at(-1)?.content ?? '' };
  },
  events,
  failing: `data: ${JSON.stringify({ error: { message: 'the server has failed', type: 'server_error' } })}\n\n`,
};
