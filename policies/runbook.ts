import type { z } from 'zod';
import { HoldpointError } from '../contracts/errors.ts';
import { Runbook } from '../contracts/runbook.ts';
import { sha256Hex } from './digest.ts';
import { runbookFaults } from './runbook-faults.ts';
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
  | { readonly kind: 'loaded'; readonly loaded: LoadedRunbook }
  | { readonly kind: 'faulty'; readonly faults: readonly RunbookFault[] };

/** Every fault of a runbook file, or the runbook. Never throws: this is what `runbook lint` prints. */
export function inspectRunbook(text: string, file: string): InspectedRunbook {
  const document = parseStrictYaml(text);
  if (!document.ok)
    return { kind: 'faulty', faults: [{ file, ...document.place, field: '(file)', message: document.reason }] };
  const parsed = Runbook.safeParse(document.value);
  if (!parsed.success)
    return { kind: 'faulty', faults: parsed.error.issues.map((i) => schemaFault(i, file, document)) };
  const faults = runbookFaults(parsed.data).map(({ path, message }) => at(file, document, path, message));
  if (faults.length > 0) return { kind: 'faulty', faults };
  const loaded = { id: parsed.data.id, digest: sha256Hex(text), runbook: freezeAll(parsed.data), source: text };
  return { kind: 'loaded', loaded: Object.freeze(loaded) };
}

function at(file: string, document: StrictYaml, path: Path, message: string, key?: string): RunbookFault {
  const field = [...path, ...(key === undefined ? [] : [key])].map(String).join('.');
  return { file, ...document.placeOf(path, key), field: field === '' ? '(root)' : field, message };
}

function schemaFault(issue: z.core.$ZodIssue, file: string, document: StrictYaml): RunbookFault {
  const { issue: deepest, path } = deepestIssue(issue, []);
  const key = deepest.code === 'unrecognized_keys' ? deepest.keys[0] : undefined;
  const message = key === undefined ? lowerFirst(deepest.message) : 'expected no such field';
  return at(file, document, path, message, key);
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
