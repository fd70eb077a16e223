import type { RedactionKind, Span } from './kinds.ts';

type TokenRule = {
  readonly kind: RedactionKind;
  /** One of these is in every token of the rule: a text without any is not looked at letter by letter. */
  readonly signs: readonly string[];
  readonly shape: RegExp;
  readonly is: (found: string) => boolean;
};

const hasDigit = (text: string): boolean => /\d/.test(text);
const isMixed = (text: string): boolean => hasDigit(text) && /[a-z]/.test(text) && /[A-Z]/.test(text);
/** A word does not begin inside of another; after an escape (`\n`, `%3D`) one begins. */
const start = String.raw`(?<=^|[^A-Za-z0-9]|\\[nrt]|%[0-9A-Fa-f]{2})`;
const rule = (kind: RedactionKind, signs: string, shape: string, is: TokenRule['is'] = () => true): TokenRule => ({
  kind,
  signs: signs.split(' '),
  shape: new RegExp(shape, 'g'),
  is,
});

/**
 * Secrets that say by their own shape what they are, as their vendors document it. Where a prefix tells enough, length is
 * asked for loosely and check digits not at all: a token that was cut or mistyped by one letter is still most of a secret.
 *
 * INVARIANT: each shape takes time in proportion to the text. It begins with a literal or at the start of a run, every
 * repetition is bounded or followed by nothing that could fail, and what was matched is not looked at again.
 */
const rules: readonly TokenRule[] = [
  rule('aws-access-key-id', 'AKIA ASIA ABIA ACCA', `${start}(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])`),
  rule('google-key', 'AIza', `${start}AIza[A-Za-z0-9_-]{30,64}`),
  rule('google-key', 'ya29.', `${start}ya29\\.[A-Za-z0-9_-]{20,2048}`),
  rule('google-key', 'GOCSPX-', `${start}GOCSPX-[A-Za-z0-9_-]{20,64}`),
  rule('google-key', '1//0', `${start}1//0[A-Za-z0-9_-]{30,512}`),
  rule('azure-storage-key', '==', String.raw`(?<=^|[^A-Za-z0-9+/]|\\[nrt]|%[0-9A-Fa-f]{2})[A-Za-z0-9+/]{86}==`),
  rule('azure-secret', '8Q~', `${start}[A-Za-z0-9_~.]{3}8Q~[A-Za-z0-9_~.-]{31,40}`),
  rule('github-token', 'ghp_ gho_ ghu_ ghs_ ghr_', 'gh[pousr]_[A-Za-z0-9]{16,255}'),
  rule('github-token', 'github_pat_', 'github_pat_[A-Za-z0-9_]{20,255}'),
  rule(
    'gitlab-token',
    'gl',
    `${start}gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat|ffct|rtr)-[A-Za-z0-9_.-]{16,255}`,
    hasDigit,
  ),
  rule('slack-token', 'xox', `${start}xox[a-z](?:\\.xox[a-z])?-[A-Za-z0-9-]{10,512}`, hasDigit),
  rule('slack-token', 'xapp-', `${start}xapp-\\d-[A-Za-z0-9-]{10,512}`),
  rule('stripe-key', 'k_live_ k_test_', `${start}[sr]k_(?:live|test)_[A-Za-z0-9]{10,255}`),
  rule('webhook-secret', 'whsec_', `${start}whsec_[A-Za-z0-9+/=_-]{16,255}`),
  rule('npm-token', 'npm_', `${start}npm_[A-Za-z0-9]{30,64}`),
  rule('pypi-token', 'pypi-AgE', `${start}pypi-AgE[A-Za-z0-9_-]{16,1024}`),
  rule('model-key', 'sk-', `${start}sk-[A-Za-z0-9_-]{20,255}`, isMixed),
  rule('model-key', 'hf_', `${start}hf_[A-Za-z0-9]{30,64}`),
  rule('platform-token', 'hvs. hvb. hvr.', `${start}hv[sbr]\\.[A-Za-z0-9_-]{20,512}`),
  rule('platform-token', '_v1_', `${start}do[opr]_v1_[a-f0-9]{32,128}`),
  rule('platform-token', 'dckr_', `${start}dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,128}`),
  rule('platform-token', 'glsa_ glc_', `${start}gl(?:sa|c)_[A-Za-z0-9+/=_-]{28,512}`),
  rule('platform-token', 'SG.', `${start}SG\\.[A-Za-z0-9_-]{16,32}\\.[A-Za-z0-9_-]{32,64}`),
  rule('platform-token', 'SK', `${start}SK[0-9a-f]{32}(?![A-Za-z0-9])`),
  rule('platform-token', 'dapi', `${start}dapi[0-9a-f]{32}(?:-\\d)?(?![A-Za-z0-9])`),
  rule('platform-token', 'shp', `${start}shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}`),
  rule('platform-token', 'dp.', `${start}dp\\.(?:pt|st|ct|sa)\\.[A-Za-z0-9_.-]{30,128}`),
  rule('platform-token', 'lin_api_', `${start}lin_api_[A-Za-z0-9]{32,64}`),
  rule('platform-token', 'NRAK-', `${start}NRAK-[A-Z0-9]{27}`),
  rule('platform-token', ':AA', `${start}\\d{8,10}:AA[A-Za-z0-9_-]{32,34}`),
  rule(
    'private-key',
    'AGE-SECRET-KEY- age-secret-key-',
    `${start}(?:AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]{20,2100}|age-secret-key-(?:pq-)?1[0-9a-z]{20,2100})`,
  ),
  rule(
    'password-hash',
    '$',
    '\\$(?:2[abxy]|argon2(?:id|i|d)|[156]|scrypt|pbkdf2-sha\\d{1,3}|y|7)\\$[A-Za-z0-9./$,=+-]{16,512}',
  ),
  rule('password-hash', 'SCRAM-SHA-', 'SCRAM-SHA-(?:1|256)\\$\\d{1,8}:[A-Za-z0-9+/=$:]{16,256}'),
  rule('password-hash', 'md5', `${start}md5[0-9a-f]{32}(?![A-Za-z0-9])`),
  rule('totp-seed', 'otpauth', 'otpauth(?:-migration)?://[^\\s"\'<>`\\\\]{1,2048}'),
];

/** Every token in the text that tells what it is. */
export function* tokensIn(text: string): Generator<Span> {
  for (const { kind, signs, shape, is } of rules) {
    if (!signs.some((sign) => text.includes(sign))) continue;
    for (const match of text.matchAll(shape))
      if (is(match[0])) yield { start: match.index, end: match.index + match[0].length, kind };
  }
  if (text.includes('eyJ')) yield* webTokensIn(text);
  yield* pairedKeysIn(text);
}

/** A run has one start, or a JWT of many segments would be read from each of its letters. */
const webToken =
  /(?<=^|[^A-Za-z0-9_-]|\\[nrt]|%[0-9A-Fa-f]{2})eyJ[A-Za-z0-9_-]{5,16384}\.[A-Za-z0-9_-]{2,65536}(?:\.[A-Za-z0-9_-]{0,65536}){0,3}/g;

function* webTokensIn(text: string): Generator<Span> {
  for (const match of text.matchAll(webToken)) {
    const payload = Buffer.from(match[0].split('.')[1]?.slice(0, 2_048) ?? '', 'base64url').toString('latin1');
    const kind = /kubernetes(?:\.io|\/)|system:serviceaccount/.test(payload) ? 'kubernetes-token' : 'jwt';
    yield { start: match.index, end: match.index + match[0].length, kind };
  }
}

const keyId = /(?:AKIA|ASIA)[A-Z0-9]{16}/g;
const secretKey = /(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{40}(?![A-Za-z0-9+/=])/g;
const nearMax = 256;

/** The secret half of an AWS key has no sign of its own: forty characters, near the half that has one. */
function* pairedKeysIn(text: string): Generator<Span> {
  const ids = [...text.matchAll(keyId)].map(({ index }) => index);
  if (ids.length === 0) return;
  let near = 0;
  for (const { 0: found, index } of text.matchAll(secretKey)) {
    while (near + 1 < ids.length && Math.abs((ids[near + 1] ?? 0) - index) <= Math.abs((ids[near] ?? 0) - index))
      near++;
    if (isMixed(found) && Math.abs((ids[near] ?? 0) - index) <= nearMax)
      yield { start: index, end: index + found.length, kind: 'aws-secret-key' };
  }
}
