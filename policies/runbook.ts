import type { z } from 'zod';
import { HoldpointError } from '../contracts/errors.ts';
import { Runbook } from '../contracts/runbook.ts';
import { sha256Hex } from './digest.ts';
import { type Fault, fault, runbookFaults } from './runbook-faults.ts';
import type { RunbookRule } from './runbook-rules.ts';
import { type Path, parseStrictYaml, type StrictYaml } from './strict-yaml.ts';

/** A runbook as one file says it. `digest` is the SHA-256 of the file's text: the identity under which it earns a ring. */
export type LoadedRunbook = {
  readonly id: string;
  readonly digest: string;
  readonly runbook: Runbook;
  readonly source: string;
};

/** One thing wrong with a runbook, where a person finds it. Lines and columns count from 1. */
export type RunbookFault = {
  readonly rule: RunbookRule;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly field: string;
  readonly message: string;
};

/** Reads one runbook file. Throws `RUNBOOK_INVALID`, naming file, line, column and field of the first fault. */
export function parseRunbook(text: string, file: string): LoadedRunbook {
  const inspected = inspectRunbook(text, file);
  if (inspected.kind === 'loaded') return inspected.loaded;
  const [first, ...others] = inspected.faults;
  if (first === undefined) throw new HoldpointError('RUNBOOK_INVALID', `${file}: expected a runbook`);
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  throw new HoldpointError('RUNBOOK_INVALID', `${faultLine(first)}${more}`, {
    file,
    line: first.line,
    column: first.column,
    field: first.field,
    faults: inspected.faults.length,
  });
}

export const faultLine = ({ file, line, column, field, message }: RunbookFault): string =>
  `${file}:${line}:${column}: \`${field}\`: ${message}`;

export type InspectedRunbook =
  | { readonly kind: 'loaded'; readonly loaded: LoadedRunbook; readonly document: StrictYaml }
  | { readonly kind: 'faulty'; readonly faults: readonly RunbookFault[] };

const faultsMax = 200;

/**
 * The faults of a runbook file, at most 200 of them, or the runbook. Never throws: this is what `runbook lint` prints. Entries of its boundary
 * that are no tools need `loadSqlParser` to have resolved, and are faults until then.
 */
export function inspectRunbook(text: string, file: string): InspectedRunbook {
  const document = parseStrictYaml(text);
  if (!document.ok) {
    const { place, reason } = document;
    return { kind: 'faulty', faults: [{ rule: 'yaml.invalid', file, ...place, field: '(file)', message: reason }] };
  }
  const parsed = Runbook.safeParse(document.value);
  const all = parsed.success
    ? runbookFaults(parsed.data)
    : parsed.error.issues.slice(0, faultsMax).flatMap((issue) => schemaFaults(issue, document));
  const found = all.slice(0, faultsMax);
  if (!parsed.success || found.length > 0)
    return { kind: 'faulty', faults: found.map((one) => placed(file, document, one)) };
  const loaded = { id: parsed.data.id, digest: sha256Hex(text), runbook: freezeAll(parsed.data), source: text };
  return { kind: 'loaded', loaded: Object.freeze(loaded), document };
}

/** A fault where a person finds it: at the field, at the key of a field that should not be there, at the nearest parent. */
export function placed(file: string, document: StrictYaml, { rule, path, message, offset, key }: Fault): RunbookFault {
  const place = offset === undefined ? document.placeOf(path, key) : document.placeIn(path, offset);
  const field = [...path, ...(key === undefined ? [] : [key])].map(String).join('.');
  return { rule, file, ...place, field: field === '' ? '(root)' : field, message };
}

function schemaFaults(issue: z.core.$ZodIssue, document: StrictYaml): Fault[] {
  const { issue: deepest, path } = deepestIssue(issue, []);
  if (deepest.code === 'unrecognized_keys')
    return deepest.keys.map((key) => ({ ...fault('schema.unknown-field', path, 'expected no such field'), key }));
  const isMissing = !hasField(document.value, path);
  return [fault(isMissing ? 'schema.missing-field' : 'schema.bad-value', path, lowerFirst(deepest.message))];
}

/** Whether a document has a field of its own: false where a default fills it in. */
export function hasField(value: unknown, path: Path): boolean {
  if (path.length === 0) return true;
  const [name, ...rest] = path;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name as PropertyKey)) return false;
  return hasField((value as Readonly<Record<PropertyKey, unknown>>)[name as PropertyKey], rest);
}

type Placed = { readonly issue: z.core.$ZodIssue; readonly path: Path };
/** Of a union's branches, the complaint that lies deepest is about the branch that the author meant. */
function deepestIssue(issue: z.core.$ZodIssue, above: Path): Placed {
  const path = [...above, ...issue.path];
  if (issue.code !== 'invalid_union') return { issue, path };
  const placed = issue.errors.flat().map((inner) => deepestIssue(inner, path));
  const candidates = placed.filter((one) => one.path.length > path.length);
  return candidates.reduce<Placed>((best, one) => (one.path.length > best.path.length ? one : best), {
    issue: { ...issue, message: 'expected one of the shapes that this field has' },
    path,
  });
}

const lowerFirst = (message: string): string => message.charAt(0).toLowerCase() + message.slice(1);

function freezeAll<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) freezeAll(inner);
    Object.freeze(value);
  }
  return value;
}
