import { namedIn } from './assignments.ts';
import { keyBlocksIn } from './blocks.ts';
import { headersIn } from './headers.ts';
import { markerOf, type RedactionKind, type Span } from './kinds.ts';
import { secretsInSql } from './sql.ts';
import { tokensIn } from './tokens.ts';
import { credentialsInUrls, webhooksIn } from './urls.ts';

export type Redacted = { readonly text: string; readonly kinds: readonly RedactionKind[] };

/** In this order: where two of them overlap, the first says what it is. */
const finders = [keyBlocksIn, tokensIn, webhooksIn, credentialsInUrls, headersIn, secretsInSql, namedIn] as const;
/** Nothing shorter is a secret with its name, or one that tells by itself what it is. */
const charsMin = 5;
/** What stood against a secret, and so was no word of its own, may be one when that is gone. */
const passesMax = 4;

/**
 * The text with a marker in place of each secret, and their kinds. Doing it again changes nothing. Takes time in proportion to
 * the text; never throws. It knows secrets by their documented shapes, by the name before them and by where they stand; one that
 * has none of these comes through.
 */
export function redact(text: string): Redacted {
  const kinds: RedactionKind[] = [];
  let now = text;
  for (let pass = 0; pass < passesMax; pass++) {
    const once = redactOnce(now);
    if (once.kinds.length === 0) break;
    kinds.push(...once.kinds);
    now = once.text;
  }
  return { text: now, kinds };
}

function redactOnce(text: string): Redacted {
  const spans =
    text.length < charsMin
      ? []
      : merged(finders.flatMap((find, rank) => [...find(text)].map((span) => ({ ...span, rank }))));
  const pieces: string[] = [];
  let done = 0;
  for (const { start, end, kind } of spans) {
    pieces.push(text.slice(done, start), markerOf(kind));
    done = end;
  }
  return { text: pieces.join('') + text.slice(done), kinds: spans.map(({ kind }) => kind) };
}

type Ranked = Span & { readonly rank: number };

/** Spans without overlap, in order: what any rule calls secret goes. */
function merged(found: Ranked[]): Ranked[] {
  const spans: Ranked[] = [];
  for (const span of found
    .filter(({ start, end }) => end > start)
    .sort((a, b) => a.start - b.start || a.rank - b.rank)) {
    const last = spans.at(-1);
    if (last === undefined || span.start >= last.end) spans.push(span);
    else
      spans[spans.length - 1] = {
        ...(span.rank < last.rank ? span : last),
        start: last.start,
        end: Math.max(last.end, span.end),
      };
  }
  return spans;
}
