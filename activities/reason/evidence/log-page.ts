import { type LineRecord, readLine } from './line-record.ts';
import { mask } from './mask.ts';

/** Lines of one shape: what they have in common, how many, when first and last, and the first of them in full. */
export type Template = {
  readonly form: LineRecord['form'];
  readonly level?: string;
  readonly source?: string;
  readonly count: number;
  readonly first?: string;
  readonly last?: string;
  readonly line: number;
  readonly text: string;
  /** Left out where there is one line only, which `text` shows in full. */
  readonly example?: string;
};
/** `left` counts what did not fit: never silently. */
export type LogPage = {
  readonly lines: number;
  readonly templates: readonly Template[];
  readonly left: { readonly templates: number; readonly lines: number };
};

const templatesKeptMax = 2_000;
const templatesShownMax = 120;
const pageCharsMax = 24_000;
const keyCharsMax = 600;
const exampleCharsMax = 600;
const nameCharsMax = 80;

type Counted = {
  record: LineRecord;
  key: string;
  count: number;
  last: string | null;
  line: number;
};

/** A text of many lines as a page of templates, in the order of their first lines. Linear, and bounded in memory. */
export function logPage(text: string): LogPage {
  const known = new Map<string, Counted>();
  let lines = 0;
  let line = 0;
  let uncounted = 0;
  for (let start = 0; start < text.length; ) {
    const next = text.indexOf('\n', start);
    const end = next === -1 ? text.length : next;
    line += 1;
    if (end > start) {
      lines += 1;
      if (!count(known, readLine(text.slice(start, end)), line)) uncounted += 1;
    }
    start = end + 1;
  }
  return pageOf([...known.values()], lines, uncounted);
}

function count(known: Map<string, Counted>, record: LineRecord, line: number): boolean {
  const { form, level, source, message } = record;
  const key = `${form}|${level}|${mask(source ?? '')}|${mask(bodyOf(record, message).slice(0, keyCharsMax))}`;
  const found = known.get(key);
  if (found === undefined) {
    if (known.size >= templatesKeptMax) return false;
    known.set(key, { record, key, count: 1, last: record.time, line });
    return true;
  }
  found.count += 1;
  found.last = record.time ?? found.last;
  return true;
}

/** The message with the fields behind it, as logfmt would have it. */
function bodyOf({ fields }: LineRecord, message: string): string {
  let body = message;
  for (const name in fields) {
    if (body.length > keyCharsMax) break;
    body += `${body === '' ? '' : ' '}${name}=${fields[name]}`;
  }
  return body;
}

const severities = ['fatal', 'panic', 'critical', 'error', 'err', 'e', 'warning', 'warn', 'w'];
const severityOf = ({ record }: Counted): number => {
  const place = severities.indexOf(record.level ?? '');
  return place === -1 ? severities.length : place;
};

/** Where not all fit, the severe ones stay, and of those the rare ones: what happens all the time explains least. */
function pageOf(counted: readonly Counted[], lines: number, uncounted: number): LogPage {
  const ranked = [...counted].sort((a, b) => severityOf(a) - severityOf(b) || a.count - b.count || a.line - b.line);
  const shown: Template[] = [];
  let room = pageCharsMax;
  let linesShown = 0;
  for (const one of ranked.slice(0, templatesShownMax)) {
    const template = templateOf(one);
    room -= template.text.length + (template.example?.length ?? 0) + nameCharsMax;
    if (room < 0) break;
    shown.push(template);
    linesShown += template.count;
  }
  shown.sort((a, b) => a.line - b.line);
  const left = { templates: counted.length - shown.length, lines: lines - linesShown };
  return { lines, templates: shown, left: uncounted > 0 ? { ...left, templates: left.templates + 1 } : left };
}

function templateOf({ record, count: seen, last, line }: Counted): Template {
  const { form, level, source, time } = record;
  const body = bodyOf(record, record.message).slice(0, exampleCharsMax);
  const masked = mask(body);
  return {
    form,
    ...known('level', level),
    ...known('source', source),
    count: seen,
    ...known('first', time),
    ...(seen === 1 ? {} : known('last', last)),
    line,
    ...(seen === 1 || masked === body ? { text: body } : { text: masked, example: body }),
  };
}

/** What is not known takes no room. */
const known = <K extends string>(name: K, value: string | null): { [key in K]?: string } =>
  value === null ? {} : ({ [name]: value.slice(0, nameCharsMax) } as { [key in K]?: string });
