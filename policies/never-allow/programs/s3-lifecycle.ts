/**
 * Whether a lifecycle configuration, as the text of its JSON, comes to expire every object of a bucket: an enabled rule with
 * an expiration by days or date, and no prefix and no tag that it is limited to. Null when the text is no such JSON.
 */
export function expiresEverything(text: string): boolean | null {
  const rules = rulesOf(text);
  if (rules === null) return null;
  const found = rules.map(expiresAll);
  return found.includes(null) ? null : found.includes(true);
}

type Fields = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function rulesOf(text: string): readonly unknown[] | null {
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) && Array.isArray(parsed.Rules) ? parsed.Rules : null;
  } catch {
    return null;
  }
}

function expiresAll(rule: unknown): boolean | null {
  if (!isObject(rule)) return null;
  if (rule.Status === 'Disabled') return false;
  const expiration = rule.Expiration;
  if (expiration === undefined) return false;
  if (!isObject(expiration)) return null;
  if (expiration.Days === undefined && expiration.Date === undefined) return false;
  return !isLimited(rule) && !isLimited(rule.Filter);
}

/** Sizes limit nothing that can be relied on: every object is larger than nothing. */
function isLimited(filter: unknown): boolean {
  if (!isObject(filter)) return false;
  if (typeof filter.Prefix === 'string' && filter.Prefix !== '') return true;
  if (isObject(filter.Tag) || (Array.isArray(filter.Tags) && filter.Tags.length > 0)) return true;
  return isLimited(filter.And);
}
