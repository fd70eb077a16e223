import { visible } from '../../policies/visible.ts';
import { mixedScripts } from '../shown/mixed-scripts.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';

const charsMaxDefault = 500;
/** What `visible` made of a character that is not seen, or a word: everything else is between them. */
const pieces = /(\\\\|\\u\{[0-9A-F]{4,6}\}|\u23CE|[\p{L}\p{N}\p{M}]+)/u;

/**
 * Text from outside as markup: escaped, on one line, every hidden character spelt out and marked, words of several
 * scripts that look alike marked with their names, and kept from reordering what stands beside it.
 */
export const outside = (text: string, charsMax = charsMaxDefault): Html =>
  html`<bdi class="outside">${visible(text, charsMax).split(pieces).map(shownPiece)}</bdi>`;

function shownPiece(piece: string): Html {
  if (/^(\\u\{|\u23CE)/u.test(piece)) return html`<mark class="hidden">${piece}</mark>`;
  const scripts = /^[\p{L}\p{N}\p{M}]/u.test(piece) ? mixedScripts(piece) : null;
  if (scripts === null) return html`${piece}`;
  return html`<mark class="mixed">${piece}<small> (${scripts.join(' + ')} letters)</small></mark>`;
}

/** Several lines of it, as a block: each line by itself, at most so many. */
export function outsideLines(label: string, text: string, linesMax: number): Html {
  const lines = text.split('\n');
  const more = lines.length - linesMax;
  const shown = lines.slice(0, linesMax).map((line) => html`${outside(line, 2_000)}\n`);
  return html`<pre class="block" tabindex="0" role="region" aria-label="${label}">${shown}${more > 0 ? `… (+${more} lines)` : ''}</pre>`;
}
