/** What people and programs write where a secret would stand, and none is. */
const placeholder =
  /^(?:|null|nil|none|undefined|unset|empty|missing|invalid|expired|required|true|false|yes|no|on|off|enabled|disabled|_*redacted_*|masked|hidden|omitted|optional|default|string|bytes|\*+|[xX]{3,}|\.{2,}|…|-+|\?|<[^<>]{0,80}>|\[[A-Za-z][^[\]]{0,80}\]|\([A-Za-z ]{0,40}\)|\$\{[^{}]{0,200}\}?|\$\([^()]{0,200}\)?|\$[A-Z_][A-Z0-9_]{0,80}|\$\d{1,3}|%[A-Za-z_]{1,40}%?|\{\{.{0,200}|\{[a-z_]{1,40}\}|:[a-z_]{1,40}|@[a-z_]{1,40})$/i;

export const isPlaceholder = (value: string): boolean => value.length <= 220 && placeholder.test(value.trim());

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const timeOrNumber = /^[\d.,:+TZ%-]{1,40}$/;
const pathLike = /^(?:\.{0,2}\/|[A-Za-z]:\\|[A-Za-z][A-Za-z0-9+.-]{1,20}:\/\/)/;
/** Names as programs make them: words, each of which is one, between separators. */
const words = /^[A-Za-z][a-z]{0,20}\d{0,4}(?:[-._/:][A-Za-z0-9]{1,20}){0,20}$/;
const wordMin = /(?:^|[-._/:])[A-Za-z][a-z]{2,}(?=$|[-._/:])/;
/** No token holds these; a list, a call or a sentence does. */
const structure = /[\s()[\]{}<>"']/;
const lengthMin = 16;
const distinctMin = 7;
/** So much of a value says what it is. */
const readMax = 256;

/**
 * True for a value that nobody would remember: of several classes of characters, of many different ones, and no name, number,
 * time, path or sentence. Where only its key hints at a secret, this decides.
 */
export function looksRandom(value: string): boolean {
  const head = value.slice(0, readMax);
  if (head.length < lengthMin || structure.test(head)) return false;
  if (uuid.test(head)) return true;
  if (timeOrNumber.test(head) || pathLike.test(head)) return false;
  if (head.length <= 160 && words.test(head) && wordMin.test(head)) return false;
  const [digit, lower, upper] = [/\d/.test(head), /[a-z]/.test(head), /[A-Z]/.test(head)];
  if (!(digit ? lower || upper : lower && upper) || new Set(head).size < distinctMin) return false;
  return digit || (head.length >= 20 && changesOfCase(head) >= head.length / 4);
}

function changesOfCase(value: string): number {
  const cases = value
    .replace(/[^A-Za-z]/g, '')
    .replace(/[a-z]/g, 'a')
    .replace(/[A-Z]/g, 'A');
  return (cases.match(/(?<=a)A|(?<=A)a/g) ?? []).length;
}
