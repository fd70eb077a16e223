import type { z } from 'zod';
import type { ToolCall } from '../contracts/action.ts';
import type { ReadResult } from '../contracts/evidence.ts';
import type { ActionEnd } from '../contracts/incident.ts';
import type { AttributeTest, Condition, EntityTest, PlaybookRow } from '../contracts/runbook.ts';
import type { Entity } from '../contracts/tools/contract.ts';
import { toolRegistry } from '../contracts/tools/registry.ts';
import type { LoadedRunbook } from './runbook.ts';

/** What an incident knows so far: the signed read results with their hashes, oldest first, and how its writes ended. */
export type PlaybookView = {
  readonly results: readonly { readonly hash: string; readonly result: ReadResult }[];
  readonly ends: readonly ActionEnd[];
};
/** An entity that a test found, and the result it stands in: what a write may be aimed at. */
export type Found = { readonly entity: Entity; readonly resultHash: string };
/** Whether a condition holds, and the entities that its `exactly: 1` tests found. */
export type Evaluated = { readonly holds: boolean; readonly found: readonly Found[] };

export type NextRow = {
  readonly row: PlaybookRow;
  readonly calls: readonly ToolCall[];
  readonly conclusion: string | null;
};

const failed: Evaluated = { holds: false, found: [] };
/** After these the world may have changed: what was read before proves nothing any more. */
const mayHaveHadEffect: ReadonlySet<ActionEnd['end']> = new Set(['executed', 'unknown', 'moved']);
/** A person or the platform has answered: the same plan does not ask again. */
const answered: ReadonlySet<ActionEnd['end']> = new Set([
  'refused',
  'failed',
  'unknown',
  'rejected',
  'expired',
  'rehearsed',
]);
/** How often a tool may be denied for other reasons before its row is left alone. */
const deniedMax = 3;

/**
 * The first row of the decision table that applies and whose calls have not been answered already, with its calls filled
 * in; null when none does. The same view gives the same row: no model, no clock.
 */
export function nextRow({ runbook }: LoadedRunbook, view: PlaybookView): NextRow | null {
  for (const row of runbook.playbook) {
    const evaluated = evaluateCondition(row.when, view);
    if (!evaluated.holds) continue;
    if ('conclude' in row.do) return { row, calls: [], conclusion: row.do.conclude };
    if (row.do.calls.some(({ tool }) => answerTo(tool, view) !== null)) continue;
    const calls = row.do.calls.map((call) => fillIn(call, evaluated.found));
    if (calls.every((call) => call !== null)) return { row, calls, conclusion: null };
  }
  return null;
}

/**
 * Why no row is left although one applies: the first that is left alone, the tool that it needs, and how that was answered,
 * by which rule and in whose words. Null when no row applies at all.
 */
export function blockedBy({ runbook }: LoadedRunbook, view: PlaybookView): string | null {
  for (const row of runbook.playbook) {
    if (!('calls' in row.do) || !holds(row.when, view)) continue;
    const answer = row.do.calls.map(({ tool }) => answerTo(tool, view)).find((one) => one !== null);
    if (answer === undefined) continue;
    const { tool, end, rule, detail } = answer;
    return `playbook row \`${row.id}\` needs \`${tool}\`, which was ${end} by \`${rule}\`: ${detail}`;
  }
  return null;
}

export const holds = (condition: Condition, view: PlaybookView): boolean => evaluateCondition(condition, view).holds;

/** Evaluates a condition over the newest results since the last write. What cannot be known does not hold. Never throws. */
export function evaluateCondition(condition: Condition, view: PlaybookView): Evaluated {
  if ('all' in condition) {
    const inner = condition.all.map((one) => evaluateCondition(one, view));
    return inner.every((one) => one.holds) ? { holds: true, found: inner.flatMap(({ found }) => found) } : failed;
  }
  if ('missing' in condition) return { holds: newest(condition.missing, view) === null, found: [] };
  if ('after' in condition)
    return { holds: view.ends.some(({ tool, end }) => tool === condition.after && end === 'executed'), found: [] };
  if ('none' in condition) return { holds: search(condition.none, view, 'all')?.length === 0, found: [] };
  if ('atLeast' in condition)
    return { holds: (search(condition.entity, view, 'some')?.length ?? 0) >= condition.atLeast, found: [] };
  const found = search(condition.entity, view, 'all');
  return found?.length === condition.exactly ? { holds: true, found: condition.exactly === 1 ? found : [] } : failed;
}

type Read = PlaybookView['results'][number];
function newest(tool: string, view: PlaybookView): Read | null {
  const since = lastEffectStep(view);
  return view.results.findLast(({ result }) => result.tool === tool && result.step.step > since) ?? null;
}

/** Reads of a step run before its writes, so a result of the same step is older than the write. */
const lastEffectStep = ({ ends }: PlaybookView): number =>
  ends
    .filter(({ end, tool }) => mayHaveHadEffect.has(end) && isWrite(tool))
    .reduce((max, { step }) => Math.max(max, step.step), -1);

const isWrite = (tool: string): boolean => toolRegistry.get(tool)?.risk !== 'read';

/** The entities that pass; null when nobody can say: no result, an incomplete list, or an attribute that is not there. */
function search(test: z.infer<typeof EntityTest>, view: PlaybookView, wanted: 'all' | 'some'): readonly Found[] | null {
  const read = newest(test.from, view);
  if (read === null || (wanted === 'all' && read.result.data.truncated === true)) return null;
  const ofKind = read.result.entities.filter(({ kind }) => kind === test.kind);
  const names = Object.keys(test.where);
  if (wanted === 'all' && ofKind.some(({ attributes }) => names.some((name) => !Object.hasOwn(attributes, name))))
    return null;
  return ofKind.filter((entity) => passesAll(entity, test.where)).map((entity) => ({ entity, resultHash: read.hash }));
}

const passesAll = ({ attributes }: Entity, where: z.infer<typeof EntityTest>['where']): boolean =>
  Object.entries(where).every(([name, test]) => Object.hasOwn(attributes, name) && passes(attributes[name], test));

/** Whether a value passes every part of a test. */
export function passes(value: Entity['attributes'][string] | undefined, test: z.infer<typeof AttributeTest>): boolean {
  if (value === undefined) return false;
  if (test.eq !== undefined && value !== test.eq) return false;
  if (test.in !== undefined && !test.in.includes(value)) return false;
  if (test.gte !== undefined && !(typeof value === 'number' && value >= test.gte)) return false;
  return test.lte === undefined || (typeof value === 'number' && value <= test.lte);
}

/**
 * How a call of this tool was answered for good; null while it may be asked for. A boundary or a limit denies for good;
 * other denials may be of another proposal, or pass, and are tried a few times.
 */
function answerTo(tool: string, { ends }: PlaybookView): ActionEnd | null {
  const own = ends.filter((one) => one.tool === tool);
  const denials = own.filter(({ end }) => end === 'denied');
  const final = denials.find(({ rule }) => /^(boundary|limits)\./.test(rule));
  const last = denials.length >= deniedMax ? denials.at(-1) : undefined;
  return final ?? last ?? own.find(({ end }) => answered.has(end)) ?? null;
}

type Call = Extract<PlaybookRow['do'], { calls: unknown }>['calls'][number];
function fillIn({ tool, args, target, why }: Call, found: readonly Found[]): ToolCall | null {
  if (target === undefined) return { tool, args: { ...args }, why };
  const kind = toolRegistry.get(tool)?.targetKind;
  const [only, ...others] = found.filter(({ entity }) => entity.kind === kind);
  if (only === undefined || others.length > 0) return null;
  return { tool, args: { target: { entity: only.entity.id, resultHash: only.resultHash } }, why };
}
