import fc from 'fast-check';
import type { PaymentsPlace } from '../../../servers/payments/database.ts';
import { secretKinds } from '../../policies/redaction/secrets.ts';
import { seed } from '../../support/deep.ts';
import { startHostileWaiter } from './hostile.ts';
import type { Secret } from './leaks.ts';

/** One secret of each kind that text from outside may hold, and what of it may be nowhere. */
export type Planted = { readonly what: string; readonly text: string; readonly secrets: readonly Secret[] };

export const planted: readonly Planted[] = secretKinds.map(({ what, planted: of }, place) => {
  const [one] = fc.sample(of, { numRuns: 1, seed: [...seed].reduce((sum, char) => sum + char.charCodeAt(0), place) });
  if (one === undefined) throw new Error('expected a secret');
  return { what, text: one.text, secrets: one.hidden.map((text) => ({ what, text })) };
});

/** What the comment of a statement still shows where only its first 1,024 characters are read. */
const commentCharsMax = 950;
const nameBytesMax = 60;

/** The secrets in texts that each fit where they are put. */
function packed(texts: readonly string[], charsMax: number): string[] {
  const packs: string[] = [];
  for (const text of texts.filter(({ length }) => length <= charsMax)) {
    const last = packs.at(-1);
    if (last !== undefined && last.length + text.length < charsMax) packs[packs.length - 1] = `${last}\n${text}`;
    else packs.push(text);
  }
  return packs;
}

/** Every secret in an annotation of its own. */
export const plantedAnnotations = (): Record<string, string> =>
  Object.fromEntries(planted.map(({ text }, place) => [`note_${place}`, `it failed: ${text}`]));

/** Sessions that wait, with every secret in the comments of their statements, and those that fit as their names. */
export async function startPlantedWaiters(payments: PaymentsPlace): Promise<{ stop(): Promise<void> }> {
  const texts = planted.map(({ text }) => text);
  const names = texts.filter((text) => /^[\x20-\x7e]+$/.test(text) && text.length <= nameBytesMax);
  const comments = packed(texts, commentCharsMax);
  const count = Math.max(comments.length, 6);
  const waiters: { stop(): Promise<void> }[] = [];
  for (let at = 0; at < count; at++)
    waiters.push(await startHostileWaiter(payments, names[at] ?? 'waiter', comments[at] ?? ''));
  return {
    stop: async () => {
      for (const waiter of waiters) await waiter.stop();
    },
  };
}
