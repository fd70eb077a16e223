import type { Span } from './kinds.ts';
import { valuesOf } from './read-value.ts';
import { isPlaceholder } from './values.ts';

/** A password as a literal of its own: of a role, of a user mapping, of MySQL and Oracle. */
const literal =
  /(?<![A-Za-z0-9])(?:password|passwd|passfile|identified[ \t]{1,4}(?:with[ \t]{1,4}\w{1,40}[ \t]{1,4})?(?:by|as)|secret|access_key|secret_key)[ \t\r\n]{1,8}(?:E|U&|N|B)?(?=['"$])/gi;
/** The key or the password among the arguments of a call. */
const calls =
  /(?<![A-Za-z0-9_])(?:crypt|pgp_(?:sym|pub)_(?:en|de)crypt(?:_bytea)?|hmac|(?:en|de)crypt(?:_iv)?|aes_(?:en|de)crypt|md5|digest|dblink_connect)[ \t]{0,4}\(/gi;
const argument = /(?<=[(,][ \t]{0,4})'((?:[^'\\]|''|\\.){1,512})'/g;
const callMax = 1_024;

/** Secrets in the text of a statement where no name and sign of equality stands before them. */
export function* secretsInSql(text: string): Generator<Span> {
  const read = valuesOf(text);
  for (const { 0: found, index } of text.matchAll(literal)) {
    const value = read(index + found.length);
    if (value === null || isPlaceholder(text.slice(value.start, value.end))) continue;
    yield { start: value.start, end: value.end, kind: 'sql-password' };
  }
  yield* argumentsIn(text);
}

function* argumentsIn(text: string): Generator<Span> {
  let done = 0;
  for (const { 0: call, index } of text.matchAll(calls)) {
    const from = index + call.length - 1;
    if (from < done) continue;
    const piece = text.slice(from, from + callMax);
    const close = piece.indexOf(')');
    done = from + (close === -1 ? piece.length : close);
    for (const { 0: found, index: at } of piece.slice(0, done - from).matchAll(argument))
      if (!isPlaceholder(found.slice(1, -1)) && !/^'[a-z0-9-]{1,12}'$/.test(found))
        yield { start: from + at + 1, end: from + at + found.length - 1, kind: 'sql-password' };
  }
}
