import type { Span } from './kinds.ts';

const armour = /-{4,5} ?BEGIN (?:[A-Z0-9]{1,12} ){0,4}PRIVATE KEY(?: BLOCK)? ?-{4,5}/g;
/** What a key's lines are made of, its headers included, also where line breaks were escaped. */
const body = /(?:[A-Za-z0-9+/=\s\\:,]|-(?!-))*(?:-{4,5} ?END (?:[A-Z0-9]{1,12} ){0,4}PRIVATE KEY(?: BLOCK)? ?-{4,5})?/y;
/** `-----BEGIN` of any block in base64: what it is of stands in the letters that follow. */
const encoded = /LS0tLS1CRUdJTi[A-Za-z0-9+/=_-]{16,65536}/g;
const putty = /PuTTY-User-Key-File-\d{1,2}:/g;
const puttyEnd = /Private-MAC: ?[0-9a-f]{0,128}/g;

/**
 * Private keys in their armour. One that was cut reaches as far as what follows could be part of it, so that a list that cut
 * a text in the middle of a key shows no half of one.
 */
export function* keyBlocksIn(text: string): Generator<Span> {
  for (const { 0: head, index } of text.matchAll(armour)) {
    body.lastIndex = index + head.length;
    yield { start: index, end: body.lastIndex + (body.exec(text)?.[0].length ?? 0), kind: 'private-key' };
  }
  for (const { 0: run, index } of text.matchAll(encoded))
    if (Buffer.from(run.slice(0, 80), 'base64').toString('latin1').includes('PRIVATE KEY'))
      yield { start: index, end: index + run.length, kind: 'private-key' };
  yield* puttyKeysIn(text);
}

function* puttyKeysIn(text: string): Generator<Span> {
  const ends = [...text.matchAll(puttyEnd)].map((match) => match.index + match[0].length);
  let next = 0;
  for (const { index } of text.matchAll(putty)) {
    while (next < ends.length && (ends[next] ?? 0) < index) next++;
    yield { start: index, end: ends[next] ?? text.length, kind: 'private-key' };
  }
}
