// Names under which secrets are kept. Separators between their words are optional: `apiKey`, `api_key`, `API-KEY`.

const words = (...all: readonly string[]): string => all.map((one) => one.replaceAll('_', '[_. -]?')).join('|');

/** Whatever stands behind one of these is a secret. */
const certain = words(
  'pass(?:word|wd|phrase|code)',
  'pwd',
  '(?:password|passwd)_hash',
  '(?:client|app|consumer|shared|signing|webhook|api|oauth|totp|mfa|otp|jwt|session|cookie|hmac)_secret',
  'secret_(?:access_)?key(?:_base)?',
  '(?:api|account|shared_access|private|signing|encryption|decryption|master|auth|storage|hmac|jwt)_key',
  '(?:client|private)_key_data',
  '(?:access|refresh|auth|bearer|security|api|bot|personal|deploy|oauth)_token',
  '(?:totp|otp|mfa)_(?:seed|key)',
);
/** Behind one of these stands a secret if it looks like one: the same words name other things as well. */
const uncertain = words(
  'token',
  'secret',
  'access_key',
  'authorization',
  'auth',
  '(?:j?session|sess)_?id',
  'session',
  'connect_sid',
  'sid',
  'cred(?:s|entials?)?',
  'sig',
  'x_(?:amz|goog)_signature',
  'jwt',
  'pass',
  'pw',
  'otp',
  'totp',
  'seed',
  'pin',
  '(?:routing|integration|license|subscription|service|ssh|session|cookie|access|write|ingest|instrumentation)_key',
  'private_key_id',
);

export type Certainty = 'certain' | 'uncertain';
/** Alternatives in this order, so that the longer name wins. */
export const nameShape = new RegExp(`(${certain})|(${uncertain})`, 'gi');
const whole = new RegExp(`(?:(${certain})|(${uncertain}))s?(?:[_-]?\\d{1,2})?$`, 'i');

/** How sure it is that a value of this name is secret; null for any other name. */
export function certaintyOf(name: string): Certainty | null {
  const tail = name.slice(-64);
  const found = whole.exec(tail);
  if (found === null) return null;
  if (found[1] !== undefined) return 'certain';
  return beginsWord(tail, found.index) ? 'uncertain' : null;
}

/** Short names are parts of other words: `spin` is no `pin`. */
export function beginsWord(text: string, at: number): boolean {
  if (at === 0) return true;
  const [before, first] = [text.charAt(at - 1), text.charAt(at)];
  return !/[A-Za-z]/.test(before) || (/[a-z]/.test(before) && /[A-Z]/.test(first));
}
