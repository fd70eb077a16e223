import { z } from 'zod';
import { type Answer, type Asked, type Loopback, startLoopback } from './loopback.ts';

// What Slack documents of incoming webhooks and of Block Kit, for the blocks that are used here. Stricter in two things: it
// refuses fields that are not documented, and it counts every mention and link that it would make of a text.

const PlainText = (charsMax: number) =>
  z.strictObject({
    type: z.literal('plain_text'),
    text: z.string().min(1).max(charsMax),
    emoji: z.boolean().optional(),
  });
const Mrkdwn = z.strictObject({
  type: z.literal('mrkdwn'),
  text: z.string().min(1).max(3_000),
  verbatim: z.boolean().optional(),
});
const blockId = z.string().max(255).optional();
const TextObject = z.discriminatedUnion('type', [PlainText(3_000), Mrkdwn]);
const Block = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('header'), text: PlainText(150), block_id: blockId }),
  z.strictObject({ type: z.literal('section'), text: TextObject, block_id: blockId }),
  z.strictObject({ type: z.literal('context'), elements: z.array(TextObject).min(1).max(10), block_id: blockId }),
  z.strictObject({ type: z.literal('divider'), block_id: blockId }),
]);
const Message = z.strictObject({
  text: z.string().min(1).max(40_000),
  blocks: z.array(Block).min(1).max(50).optional(),
});
export type Message = z.infer<typeof Message>;
export type Slack = Loopback & {
  readonly url: string;
  readonly messages: readonly Message[];
  readonly refused: readonly string[];
};

/** Slack's incoming webhook on loopback, at a path that is its only secret. */
export async function startSlack(token: string): Promise<Slack> {
  const path = `/services/T00000000/B00000000/${token}`;
  const messages: Message[] = [];
  const refused: string[] = [];
  const server = await startLoopback((asked) => {
    const read = readMessage(asked, path);
    if (typeof read === 'string') {
      refused.push(read);
      return plain(read === 'no_service' ? 404 : 400, read === 'no_service' ? read : 'invalid_payload');
    }
    messages.push(read);
    return plain(200, 'ok');
  });
  return { ...server, url: `${server.origin}${path}`, messages, refused };
}

function readMessage({ method, path, headers, body }: Asked, expected: string): Message | string {
  if (method !== 'POST' || path !== expected) return 'no_service';
  if (!/^application\/json(;|$)/.test(headers['content-type'] ?? '')) return 'expected application/json';
  const parsed = Message.safeParse(JSON.parse(body));
  return parsed.success ? parsed.data : z.prettifyError(parsed.error);
}

const plain = (status: number, body: string): Answer => ({ status, type: 'text/html', body });

/** Every text of a message that Slack parses. */
export const parsedTexts = ({ text, blocks = [] }: Message): string[] => [
  text,
  ...blocks.flatMap((block) => {
    if (block.type === 'section') return [block.text.text];
    return block.type === 'context' ? block.elements.map((element) => element.text) : [];
  }),
];

/** What Slack would make of a text besides text: mentions, links, dates; a bare `@` at the start of a word is one, too. */
export const activeParts = (text: string): string[] => [
  ...(text.match(/<[^>]*>?/g) ?? []),
  ...(text.match(/(?<![A-Za-z0-9])@[A-Za-z]+/g) ?? []),
];

/** How Slack shows a text. */
export const shownBySlack = (text: string): string =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
