const shape =
  /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))? ?(Z|z|[+-]\d\d:?\d\d)(?: [A-Z]{1,5})?(?: m=[+-][\d.]+)?$/;

const offsetMs = (zone: string): number => {
  if (zone === 'Z' || zone === 'z') return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))];
  if (hours > 23 || minutes > 59) return Number.NaN;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
};

/** What Go prints for a time that was never set. */
export const goZeroTime = '0001-01-01T00:00:00.000Z';

/**
 * A time as Go prints it (RFC 3339 with up to nanoseconds and any offset, or `time.Time.String()`), as UTC milliseconds;
 * finer digits are cut. Null for anything else, and for a date that does not exist.
 */
export function parseGoTime(text: string): string | null {
  const match = shape.exec(text);
  if (match === null) return null;
  const [, date, time, fraction = '', zone = 'Z'] = match;
  const local = `${date}T${time}.${fraction.slice(0, 3).padEnd(3, '0')}Z`;
  const localMs = Date.parse(local);
  // `Date` rolls 30 February over to March: only a date that prints as it was written exists.
  if (!Number.isFinite(localMs) || new Date(localMs).toISOString() !== local) return null;
  const at = new Date(localMs - offsetMs(zone));
  if (!Number.isFinite(at.getTime())) return null;
  const utc = at.toISOString();
  return /^\d{4}-/.test(utc) ? utc : null;
}
