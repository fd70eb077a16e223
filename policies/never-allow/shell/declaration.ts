import type { Assignment, CommandArgument } from 'unbash';
import { textOf, type Word } from '../word.ts';
import { checkEvaluated } from './arithmetic.ts';
import { assignFrom, assignmentOf, setVariable } from './assignment.ts';
import { expandWords } from './expand.ts';
import type { Scope } from './scope.ts';
import { opaque, scalar, unset } from './state.ts';
import type { Output } from './walk.ts';

/** Builtins after whose name the shell takes assignments for what they are. */
export const declarations: ReadonlySet<string> = new Set(['export', 'declare', 'typeset', 'local', 'readonly']);

const name = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Runs `export`, `declare`, `typeset`, `local` or `readonly`. */
export function declare(argv: readonly Word[], args: readonly CommandArgument[], scope: Scope): Output {
  const builtin = argv[0]?.kind === 'literal' ? argv[0].value : '';
  let flags = '';
  for (const arg of args) {
    if (arg.type === 'Assignment') {
      begin(builtin, arg.name, flags, scope);
      if (hasBraces(arg) || failsHere(builtin, scope)) forgetEach(arg, scope);
      else assignFrom(arg, scope);
      end(builtin, arg.name, flags, scope);
      continue;
    }
    for (const word of expandWords([arg], scope)) {
      const known = word.kind === 'literal' ? word.value : null;
      if (known !== null && /^[-+]/.test(known)) flags += known;
      else declareWord(builtin, word, flags, scope);
    }
  }
  return flags.includes('p') ? null : [];
}

const hasBraces = ({ value }: Assignment): boolean =>
  value.type === 'Word' && value.parts?.some(({ type }) => type === 'BraceExpansion') === true;

/** Here, other than in an assignment that stands alone, a brace expansion makes several words of one. */
function forgetEach(assignment: Assignment, scope: Scope): void {
  assignFrom(assignment, scope);
  setVariable(scope, assignment.name, opaque);
}

function declareWord(builtin: string, word: Word, flags: string, scope: Scope): void {
  const known = word.kind === 'literal' ? word.value : null;
  const assigned = assignmentOf(word);
  if (assigned !== null) {
    begin(builtin, assigned.name, flags, scope);
    setVariable(scope, assigned.name, failsHere(builtin, scope) ? opaque : scalar(assigned.value));
    end(builtin, assigned.name, flags, scope);
  } else if (known !== null && name.test(known)) {
    if (/[fF]/.test(flags)) {
      exportFunction(known, scope);
      return;
    }
    begin(builtin, known, flags, scope);
    if (isLocal(builtin, flags, scope)) scope.state.variables.set(known, unset);
    end(builtin, known, flags, scope);
  } else {
    checkEvaluated(known ?? '', scope);
    scope.findings.refuse(
      'unknown.builtin',
      `\`${builtin}\` of \`${textOf(word).slice(0, 100)}\`, which names no variable`,
    );
  }
}

/** A shell that is started from here may call it, with whatever words. */
function exportFunction(called: string, { state, findings }: Scope): void {
  const node = state.functions.get(called);
  if (node !== undefined && node !== null) findings.exported.add(node);
}

const isLocal = (builtin: string, flags: string, { call }: Scope): boolean =>
  call !== null && builtin !== 'export' && builtin !== 'readonly' && !flags.includes('g');

/** Outside a function `local` fails, and sets nothing. */
const failsHere = (builtin: string, { call }: Scope): boolean => builtin === 'local' && call === null;

function begin(builtin: string, variable: string, flags: string, scope: Scope): void {
  const { call, findings, state } = scope;
  if (call !== null && isLocal(builtin, flags, scope) && !call.locals.has(variable))
    call.locals.set(variable, state.variables.get(variable));
  // A reference to another variable: whatever is assigned to one changes the other.
  if (flags.includes('n')) findings.refuse('unknown.builtin', `\`${builtin} -n\` makes a variable stand for another`);
  if (/[iulcA]/.test(flags)) findings.attributed.add(variable);
}

/** Once it is read-only, a later assignment fails, and what follows sees the value from before. */
function end(builtin: string, variable: string, flags: string, { findings }: Scope): void {
  if (builtin === 'readonly' || flags.includes('r')) findings.attributed.add(variable);
}
