import { parseFields } from './logfmt.ts';

/** One line of a log as far as its form is known. `raw` is an unknown form: its message is the line itself. */
export type LineRecord = {
  readonly form: 'json' | 'logfmt' | 'klog' | 'access' | 'syslog' | 'postgres' | 'raw';
  readonly time: string | null;
  readonly level: string | null;
  readonly source: string | null;
  readonly message: string;
  readonly fields: Readonly<Record<string, string>>;
};

const lineCharsMax = 8_192;
const iso =
  '\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d:\\d\\d(?:[.,]\\d{1,9})?(?: ?(?:Z|[+-]\\d\\d:?\\d\\d|(?:UTC|GMT|MSK|[A-Z]{1,3}T)\\b))?';
const bsd = '[A-Z][a-z]{2} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d';
const cri = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,9}(?:Z|[+-]\d\d:\d\d)) (stdout|stderr) [FP] /;
const klog = /^([IWEF])(\d{4} \d\d:\d\d:\d\d\.\d{1,9}) +\d+ ([\w./-]{1,120}:\d+)\] /;
const syslog5424 = new RegExp(
  `^<\\d{1,3}>1 (${iso}) (\\S{1,255}) (\\S{1,48}) \\S{1,128} \\S{1,32} (?:-|\\[[^\\]]{0,1024}\\]) ?`,
);
const syslog3164 = new RegExp(`^(?:<\\d{1,3}>)?(${bsd}|${iso}) (\\S{1,255}) ([\\w./()-]{1,80})(?:\\[\\d{1,10}\\])?: `);
const access =
  /^(\S{1,255}) \S{1,64} (\S{1,64}) \[([^\]]{11,40})\] "((?:[^"\\]|\\.){0,4096})" (\d{3}) (\d{1,15}|-)(?: "((?:[^"\\]|\\.){0,2048})" "((?:[^"\\]|\\.){0,1024})")?/;
const postgres = new RegExp(
  `^(${iso}):?\\s?([^A-Z\\n][^\\n]{0,120}?)?\\b(LOG|ERROR|FATAL|PANIC|WARNING|NOTICE|INFO|DETAIL|HINT|STATEMENT|CONTEXT|QUERY|DEBUG\\d?): {1,2}`,
);
const timed = new RegExp(`^\\[?(${iso})\\]?\\s*`);
const levelWord = /\b(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL|PANIC)\b/i;
const klogLevels: Readonly<Record<string, string>> = { I: 'info', W: 'warning', E: 'error', F: 'fatal' };

/** Reads one line, of which it looks at 8,192 characters. Never throws; every form is tried once, in time linear in them. */
export function readLine(whole: string): LineRecord {
  const line = whole.slice(0, lineCharsMax);
  const wrapped = cri.exec(line);
  if (wrapped === null) return readBare(line);
  const inner = readBare(line.slice(wrapped[0].length));
  return { ...inner, time: inner.time ?? wrapped[1] ?? null };
}

function readBare(line: string): LineRecord {
  const first = line.charCodeAt(0);
  if (first === 0x7b) return readJson(line) ?? raw(line);
  // A glance at where its signs stand spares most lines the forms that they cannot have.
  if (line[4] === '-' && line[7] === '-') return readPostgres(line) ?? readSyslog(line) ?? raw(line);
  if (line[5] === ' ' && line[8] === ':') return readKlog(line) ?? raw(line);
  if (first === 0x3c || (line[3] === ' ' && line[6] === ' ')) return readSyslog(line) ?? raw(line);
  const space = line.indexOf(' ');
  if (space > 0 && line.lastIndexOf('=', space) > 0) return readLogfmt(line) ?? raw(line);
  return (line.includes('] "') ? readAccess(line) : null) ?? raw(line);
}

const none = { time: null, level: null, source: null, fields: {} } as const;

/** The time and the level of an unknown form are taken where they can be told. */
function raw(line: string): LineRecord {
  const time = timed.exec(line);
  const message = time === null ? line : line.slice(time[0].length);
  const level = levelWord.exec(message.slice(0, 60))?.[1]?.toLowerCase() ?? null;
  return { ...none, form: 'raw', time: time?.[1] ?? null, level, message };
}

function readKlog(line: string): LineRecord | null {
  const [head = '', letter = '', time = '', source = ''] = klog.exec(line) ?? [];
  if (head === '') return null;
  return { ...none, form: 'klog', time, level: klogLevels[letter] ?? null, source, message: line.slice(head.length) };
}

/** What a program wrote into syslog has its own form as often as not. */
function readSyslog(line: string): LineRecord | null {
  const [head = '', time = '', host = '', source = ''] = syslog5424.exec(line) ?? syslog3164.exec(line) ?? [];
  if (head === '') return null;
  const message = line.slice(head.length);
  const inner = message.startsWith('{') ? readJson(message) : null;
  if (inner !== null) return { ...inner, time: inner.time ?? time, source: inner.source ?? source };
  const level = levelWord.exec(message.slice(0, 60))?.[1]?.toLowerCase() ?? null;
  return { form: 'syslog', time, level, source, message, fields: { host } };
}

function readPostgres(line: string): LineRecord | null {
  const [head = '', time = '', , level = ''] = postgres.exec(line) ?? [];
  if (head === '') return null;
  return { ...none, form: 'postgres', time, level: level.toLowerCase(), message: line.slice(head.length) };
}

function readAccess(line: string): LineRecord | null {
  const [
    head = '',
    client = '',
    user = '',
    time = '',
    request = '',
    status = '',
    bytes = '',
    referrer = '',
    agent = '',
  ] = access.exec(line) ?? [];
  if (head === '') return null;
  const level = status.startsWith('5') ? 'error' : status.startsWith('4') ? 'warning' : 'info';
  const fields = { client, user, status, bytes, ...(agent === '' ? {} : { referrer, agent }) };
  return { ...none, form: 'access', time, level, message: request + line.slice(head.length), fields };
}

function readLogfmt(line: string): LineRecord | null {
  const fields = parseFields(line);
  return fields === null ? null : recordOf('logfmt', fields);
}

const timeKeys = ['time', 'ts', 'timestamp', '@timestamp', 't', 'asctime', 'StartUTC'];
const levelKeys = ['level', 'severity', 'lvl', 'levelname', 's'];
const messageKeys = ['msg', 'message', 'log', 'body', 'event'];
const sourceKeys = ['logger', 'source', 'target', 'component', 'name', 'caller', 'c'];

function recordOf(form: 'json' | 'logfmt', given: Readonly<Record<string, string>>): LineRecord {
  const fields = { ...given };
  const take = (keys: readonly string[]): string | null => {
    const key = keys.find((one) => Object.hasOwn(fields, one));
    if (key === undefined) return null;
    const value = fields[key] ?? '';
    delete fields[key];
    return value;
  };
  const [time, level, message, source] = [take(timeKeys), take(levelKeys), take(messageKeys), take(sourceKeys)];
  return { form, time, level: level?.toLowerCase() ?? null, source, message: message ?? '', fields };
}

const fieldsMax = 64;
const valueCharsMax = 2_048;

function readJson(line: string): LineRecord | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const entries = Object.entries(value).slice(0, fieldsMax);
  // `__proto__` is a name like any other: entries, not assignment.
  return recordOf('json', Object.fromEntries(entries.map(([key, one]) => [key.slice(0, 80), textOf(one)])));
}

const textOf = (value: unknown): string =>
  (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).slice(0, valueCharsMax);
