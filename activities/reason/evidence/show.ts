import type { JsonValue } from '../../../contracts/values.ts';
import { type Finding, isSuspicious } from '../../../policies/sanitize/finding.ts';
import { sanitize } from '../../../policies/sanitize/sanitize.ts';
import { logPage } from './log-page.ts';

/** Where in the evidence something stood out: the result's hash (or `alert`), the place in it, the rule, the line. */
export type EvidenceFinding = Finding & { readonly of: string; readonly at: string };
export type Shown = { readonly value: JsonValue; readonly findings: readonly EvidenceFinding[] };

const pageLinesMin = 20;
/** A list of longer texts than this is lines of a log; one of shorter ones is names, of which none may be left out. */
const lineCharsMin = 40;
const depthMax = 32;
const placeCharsMax = 120;
const lineBreak = /\n/g;

/**
 * A value from outside as a model is shown it: every text and every name in it sanitised, and every text of many lines (or list
 * of lines) as a page of templates. What it does to text of any size is linear in it.
 */
export function showValue(of: string, value: JsonValue): Shown {
  const findings: EvidenceFinding[] = [];
  const note = (at: string, found: readonly Finding[]): void => {
    for (const { rule, line } of found) findings.push({ rule, line, of, at: at.slice(0, placeCharsMax) });
  };
  const show = (one: JsonValue, at: string, depth: number): JsonValue => {
    if (typeof one === 'string') return text(one, at);
    if (typeof one !== 'object' || one === null) return one;
    if (depth >= depthMax) return null;
    if (Array.isArray(one))
      return isLog(one) ? text(one.join('\n'), at) : one.map((item, place) => show(item, `${at}/${place}`, depth + 1));
    const pairs = Object.entries(one).map(([name, item]) => {
      const shown = sanitize(name);
      note(at, shown.findings);
      return [shown.text, show(item, `${at}/${shown.text}`, depth + 1)] as const;
    });
    return Object.fromEntries(pairs);
  };
  const text = (one: string, at: string): JsonValue => {
    const shown = sanitize(one);
    note(at, shown.findings);
    if ((shown.text.match(lineBreak)?.length ?? 0) < pageLinesMin) return shown.text;
    // Where every line is of its own shape, the lines themselves are the shorter page.
    const page = { log: logPage(shown.text) };
    return JSON.stringify(page).length < shown.text.length ? page : shown.text;
  };
  return { value: show(value, '', 0), findings };
}

const isLog = (list: readonly JsonValue[]): boolean =>
  list.length > pageLinesMin &&
  list.every((item) => typeof item === 'string') &&
  list.reduce((chars: number, item) => chars + String(item).length, 0) >= lineCharsMin * list.length;

const labelCharsMax = 118;

/** The findings that a person should know of, by family, in a few words; null where none is suspicious. */
export function summaryOf(findings: readonly EvidenceFinding[]): string | null {
  if (!isSuspicious(findings)) return null;
  const counts = new Map<string, number>();
  for (const finding of findings.filter((one) => isSuspicious([one]))) {
    const family = finding.rule.split('.')[0] ?? '';
    counts.set(family, (counts.get(family) ?? 0) + 1);
  }
  const told = [...counts].map(([family, count]) => `${family} ×${count}`).join(', ');
  return `withheld from evidence: ${told}`.slice(0, labelCharsMax);
}
