import type { ArrayValue, Assignment, Word as Source } from 'unbash';
import { literalOf, type Word } from '../word.ts';
import { checkEvaluated } from './arithmetic.ts';
import { expandText, expandWords, refuseDialect } from './expand.ts';
import { runText } from './nested.ts';
import { assign, type Scope } from './scope.ts';
import { copyState, opaque, scalar, type Variable } from './state.ts';
import { knownText, somethingUnknown, type Text, textOfWord } from './text.ts';

/** Sets the variable that an assignment sets, and judges what that does to the commands that see it. */
export function assignFrom(assignment: Assignment, scope: Scope): void {
  const { name, append, index, value } = assignment;
  if (append === true && scope.dialect === 'posix') refuseDialect(scope, '`+=`');
  if (index !== undefined) checkEvaluated(knownText(expandText(index, scope)) ?? '', scope);
  const made = value.type === 'ArrayValue' ? listOf(value, scope) : scalar(expandText(value, scope));
  const set = index === undefined ? made : opaque;
  setVariable(scope, name, append === true ? appended(scope.state.variables.get(name), set) : set);
}

function listOf({ elements }: ArrayValue, scope: Scope): Variable {
  const hasKeys = elements.some(({ text }: Source) => text.startsWith('['));
  const items = expandWords(elements, scope).map(textOfWord);
  return hasKeys || items.includes(null) ? opaque : { kind: 'list', items: items.filter((item) => item !== null) };
}

function appended(before: Variable | undefined, more: Variable): Variable {
  if (before?.kind === 'scalar' && more.kind === 'scalar') return scalar([...before.text, ...more.text]);
  if (before?.kind === 'list' && more.kind === 'list') return { kind: 'list', items: [...before.items, ...more.items] };
  if (before?.kind === 'unset') return more;
  return opaque;
}

/** A word of the form NAME=VALUE, as `export` and `env` take it; null for any other word. */
export function assignmentOf(word: Word): { readonly name: string; readonly value: Text } | null {
  const known = word.kind === 'literal' ? word.value : word.prefix;
  const [whole, name] = /^([A-Za-z_][A-Za-z0-9_]*)=/.exec(known) ?? [];
  if (whole === undefined || name === undefined || (word.kind === 'unknown' && word.splits)) return null;
  const rest = known.slice(whole.length);
  return { name, value: word.kind === 'literal' ? [rest] : [rest, ...somethingUnknown(word.text)] };
}

/** Variables whose value another program runs as a command. */
const runAsCommand =
  /^(.*_)?(PAGER|EDITOR|BROWSER)$|^(VISUAL|KUBECTL_EXTERNAL_DIFF|GIT_SSH_COMMAND|GIT_EXTERNAL_DIFF|GIT_PROXY_COMMAND|RSYNC_RSH|PROMPT_COMMAND)$/;
/** Variables that name code for another program to load, which nothing here can read. */
const loadsCode =
  /^(BASH_ENV|ENV|LD_PRELOAD|LD_LIBRARY_PATH|LD_AUDIT|DYLD_INSERT_LIBRARIES|PYTHONSTARTUP|PERL5OPT|RUBYOPT|NODE_OPTIONS|PSQLRC|BASH_FUNC_.*|SHELL|LESSOPEN|LESSCLOSE)$/;
/** Prompts: the shell runs the substitutions in them. */
const prompt = /^PS[0-4]$/;

/** Sets a variable. What it holds may itself be run, and is judged then. */
export function setVariable(scope: Scope, name: string, value: Variable): void {
  assign(scope, name, value);
  if (value.kind === 'unset') return;
  const known = value.kind === 'scalar' ? knownText(value.text) : null;
  if (known === '' || known === '/dev/null') return;
  if (loadsCode.test(name)) refuse(scope, `\`${name}\` names code that is not in the text`);
  if (prompt.test(name) && (known === null || /[$`]/.test(known))) refuse(scope, `\`${name}\` may run what it holds`);
  if (!runAsCommand.test(name)) return;
  if (known === null) {
    refuse(scope, `\`${name}\` is run as a command, and its value is not known`);
    return;
  }
  runText(known, { ...scope, state: copyState(scope.state), loop: null, call: null });
}

const refuse = ({ findings }: Scope, reason: string): void => findings.refuse('unknown.environment', reason);

/** Sets variables for as long as `walk` takes: what stands in front of a command is for that command alone. */
export function during<T>(assignments: readonly Assignment[], scope: Scope, walk: () => T): T {
  const { variables } = scope.state;
  const before = assignments.map(({ name }) => [name, variables.get(name)] as const);
  for (const assignment of assignments) assignFrom(assignment, scope);
  const result = walk();
  for (const [name, value] of before.reverse()) {
    // Where a builtin or a function of a plain `sh` is called this way, the variable keeps its value.
    if (scope.dialect !== 'bash') variables.set(name, opaque);
    else if (value === undefined) variables.delete(name);
    else variables.set(name, value);
  }
  return result;
}

export const isLiteral = (word: Word | undefined, value: string): boolean => literalOf(word) === value;
