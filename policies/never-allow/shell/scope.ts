import type { Dialect } from '../program.ts';
import type { Findings } from './findings.ts';
import type { State, Variable } from './state.ts';
import { opaque } from './state.ts';
import type { Text } from './text.ts';

/** Where a command's standard input comes from: where the whole text is run, a known text, or something else. */
export type Input =
  | { readonly kind: 'inherited' }
  | { readonly kind: 'text'; readonly text: Text }
  | { readonly kind: 'outside' };

/** A loop that is being walked, with the states in which control may leave its body before the end. */
export type Loop = { readonly early: State[]; readonly outer: Loop | null };
/** A function that is being walked: likewise, and the variables that are its own, as they were before. */
export type Call = { readonly early: State[]; readonly locals: Map<string, Variable | undefined> };

/** Where a command stands while the text is walked. */
export type Scope = {
  readonly findings: Findings;
  readonly state: State;
  readonly input: Input;
  readonly dialect: Dialect;
  /** Of texts inside texts and functions inside functions. */
  readonly depth: number;
  readonly loop: Loop | null;
  readonly call: Call | null;
  /** What may be read from the paths that process substitutions stand for. */
  readonly files: Map<string, Text | null>;
};

const depthMax = 24;

/** False, and the text unknown, when it is nested too deep. */
export function mayGoDeeper({ depth, findings }: Scope): boolean {
  if (depth < depthMax) return true;
  findings.refuse('unknown.limit', `expected at most ${depthMax} texts inside each other`);
  return false;
}

/** Names whose value the shell itself gives, whatever was assigned. */
const givenByTheShell =
  /^(_|BASH.*|COMP_.*|COPROC|DIRSTACK|EPOCH.*|EUID|FUNCNAME|GROUPS|HISTCMD|LINENO|MAPFILE|OLDPWD|OPTARG|OPTIND|PIPESTATUS|PPID|PWD|RANDOM|REPLY|SECONDS|SHELLOPTS|SRANDOM|UID)$/;
const variablesMax = 500;
const charsMax = 65_536;

export function assign({ state, findings, dialect }: Scope, name: string, value: Variable): void {
  if (state.variables.size >= variablesMax && !state.variables.has(name)) {
    findings.refuse('unknown.limit', `expected at most ${variablesMax} variables`);
    return;
  }
  // Expansions of zsh have forms of their own: `$X:l` is X in lower case.
  const isFollowed = dialect !== 'zsh';
  const kept =
    !isFollowed || givenByTheShell.test(name) || findings.attributed.has(name) || isTooLong(value) ? opaque : value;
  state.variables.set(name, kept);
}

const isTooLong = (value: Variable): boolean => {
  if (value.kind === 'scalar') return lengthOf(value.text) > charsMax;
  return value.kind === 'list' && value.items.reduce((sum, item) => sum + lengthOf(item), 0) > charsMax;
};
const lengthOf = (text: Text): number => text.reduce((sum, bit) => sum + (typeof bit === 'string' ? bit.length : 1), 1);
