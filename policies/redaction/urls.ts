import type { Span } from './kinds.ts';
import { looksRandom } from './values.ts';

const scheme = /[A-Za-z][A-Za-z0-9+.-]{1,20}:\/\//g;
/** Where a URL ends in a text. A password may hold anything else, so the last `@` before this ends it. */
const close = /[\s"'<>`|]/g;
const portOnly = /^\d{1,5}[/?#]/;
const isMarked = (text: string): boolean => /^\[redacted:[a-z-]{1,40}\]$/.test(text);

/** The password in the address of a target, also where its owner escaped nothing; and a token that stands for the user. */
export function* credentialsInUrls(text: string): Generator<Span> {
  let done = 0;
  for (const { 0: found, index } of text.matchAll(scheme)) {
    const from = index + found.length;
    if (from < done) continue;
    close.lastIndex = from;
    done = close.exec(text)?.index ?? text.length;
    const at = text.slice(from, done).lastIndexOf('@');
    if (at > 0) yield* userinfoOf(text.slice(from, from + at), from);
  }
}

function* userinfoOf(userinfo: string, from: number): Generator<Span> {
  const colon = userinfo.indexOf(':');
  if (colon === -1) {
    if (!/[/?#]/.test(userinfo) && /\d/.test(userinfo) && looksRandom(userinfo))
      yield { start: from, end: from + userinfo.length, kind: 'url-password' };
    return;
  }
  const password = userinfo.slice(colon + 1);
  // `host:8080/path@version` has no user in it.
  if (password === '' || /[/?#[]/.test(userinfo.slice(0, colon)) || portOnly.test(password) || isMarked(password))
    return;
  yield { start: from + colon + 1, end: from + userinfo.length, kind: 'url-password' };
}

const path = String.raw`[^\s"'<>\`|\\]{8,1024}`;
const hooks: readonly RegExp[] = [
  /hooks\.slack(?:-gov)?\.com\/(?:services|workflows|triggers)\//,
  /discord(?:app)?\.com\/api\/(?:v\d{1,2}\/)?webhooks\//,
  /[a-z0-9-]{0,63}\.webhook\.office\.com\/webhookb2\//,
  /outlook\.office(?:365)?\.com\/webhook\//,
  /chat\.googleapis\.com\/v1\/spaces\//,
  /hooks\.zapier\.com\/hooks\/catch\//,
  /events\.pagerduty\.com\/(?:integration|x-ere)\//,
  /api\.telegram\.org\/bot/,
  /maker\.ifttt\.com\/trigger\//,
  /api\.opsgenie\.com\/v1\/json\/[a-z]{1,40}\?apiKey=/,
  /hooks\.[a-z]{2,10}\.logic\.azure\.com\//,
].map((host) => new RegExp(`(?<=${host.source})${path}`, 'g'));

/** What comes after the host in the address of a webhook: whoever knows it may post. */
export function* webhooksIn(text: string): Generator<Span> {
  if (!text.includes('.com/')) return;
  for (const hook of hooks)
    for (const match of text.matchAll(hook))
      if (!match[0].startsWith('[redacted:'))
        yield { start: match.index, end: match.index + match[0].length, kind: 'webhook-url' };
}
