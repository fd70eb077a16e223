import { mayBeOption } from '../options.ts';
import { literalOf, textOf, type Word } from '../word.ts';
import { checkEvaluated } from './arithmetic.ts';
import { assignmentOf, setVariable } from './assignment.ts';
import { runFile, runWords } from './nested.ts';
import { runArgv } from './run-argv.ts';
import { assign, type Loop, type Scope } from './scope.ts';
import { copyState, opaque, scalar, unset } from './state.ts';
import { textOfWord } from './text.ts';
import type { Output } from './walk.ts';

type Builtin = (args: readonly Word[], scope: Scope) => Output;

const nothing: Builtin = () => [];
const refuse = ({ findings }: Scope, reason: string): null => {
  findings.refuse('unknown.builtin', reason);
  return null;
};
const optionsOf = (args: readonly Word[]): string =>
  args.map((arg) => (/^-[^-]/.test(literalOf(arg) ?? '') ? literalOf(arg) : '')).join('');
const plainName = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Names that a builtin sets to what it reads. `valued` are its options that take a value; that of `-a` and `-p` may be a name. */
const sets: (valued: string, named: string) => Builtin = (valued, named) => (args, scope) => {
  for (let at = 0; at < args.length; at++) {
    const known = literalOf(args[at]);
    if (known === null) return refuse(scope, 'a name that is not literal may be that of any variable');
    if (!/^-./.test(known)) forget(known, scope);
    const letter = /^-./.test(known) ? [...known.slice(1)].find((one) => valued.includes(one)) : undefined;
    if (letter === undefined) continue;
    if (letter === 'C') return refuse(scope, 'a callback runs for what is read');
    const attached = known.slice(known.indexOf(letter) + 1);
    if (attached === '') at += 1;
    if (!named.includes(letter)) continue;
    const name = attached === '' ? literalOf(args[at]) : attached;
    if (name === null) return refuse(scope, 'a name that is not literal may be that of any variable');
    forget(name, scope);
  }
  return [];
};

function forget(name: string, scope: Scope): void {
  checkEvaluated(name, scope);
  if (plainName.test(name)) assign(scope, name, opaque);
  else if (/^[A-Za-z_][A-Za-z0-9_]*\[/.test(name)) assign(scope, name.replace(/\[.*$/s, ''), opaque);
  else refuse(scope, `\`${name.slice(0, 100)}\` names no variable`);
}

const unsetNames: Builtin = (args, scope) => {
  const functions = optionsOf(args).includes('f');
  for (const arg of args) {
    const known = literalOf(arg);
    if (known === null) return refuse(scope, '`unset` of a name that is not literal');
    if (known.startsWith('-')) continue;
    if (functions) scope.state.functions.delete(known);
    else if (plainName.test(known) && !scope.findings.attributed.has(known)) assign(scope, known, unset);
    else forget(known, scope);
    // Without `-v` or `-f` a name that is no variable is that of a function.
    if (!functions && scope.state.functions.has(known)) scope.state.functions.set(known, null);
  }
  return [];
};

const set: Builtin = (args, scope) => {
  for (let at = 0; at < args.length; at++) {
    const known = literalOf(args[at]);
    if (known === '--' || known === '-') return setPositional(args.slice(at + 1), scope);
    if (known === null || !/^[-+]/.test(known)) return setPositional(args.slice(at), scope);
    // With `-k` any argument that looks like an assignment is none; with `-n` nothing runs, and a shell may ignore it.
    if (/k/.test(known) && !/^[-+]o/.test(known)) return refuse(scope, '`set -k` changes which words are arguments');
    if (/o$/.test(known)) at += 1;
    if (literalOf(args[at]) === 'keyword') return refuse(scope, '`set -o keyword` changes which words are arguments');
  }
  return [];
};

function setPositional(args: readonly Word[], { state }: Scope): Output {
  const texts = args.map(textOfWord);
  state.positional = texts.includes(null) ? null : texts.filter((text) => text !== null);
  return [];
}

const shift: Builtin = (args, { state }) => {
  const by = args.length === 0 ? 1 : Number(literalOf(args[0]) ?? Number.NaN);
  state.positional = state.positional === null || !Number.isInteger(by) ? null : state.positional.slice(by);
  return [];
};

const evaluate: Builtin = (args, scope) => runWords(args, scope);

const source: Builtin = (args, scope) => {
  const [path, ...positional] = literalOf(args[0]) === '--' ? args.slice(1) : args;
  if (path === undefined) return refuse(scope, 'expected a file to read');
  if (positional.length > 0) setPositional(positional, scope);
  return runFile(path, scope);
};

const exec: Builtin = (args, scope) => {
  let at = 0;
  for (; /^-[acl]+$/.test(literalOf(args[at]) ?? ''); at++) if (literalOf(args[at])?.includes('a')) at += 1;
  if (args.length > at) return runArgv(args.slice(at), scope, { functions: false, builtins: true });
  return null;
};

const command: Builtin = (args, scope) => {
  const first = literalOf(args[0]) ?? '';
  if (/^-[pvV]+$/.test(first)) return /[vV]/.test(first) ? null : command(args.slice(1), scope);
  const rest = first === '--' ? args.slice(1) : args;
  return rest.length === 0 ? [] : runArgv(rest, scope, { functions: false, builtins: true });
};

const trap: Builtin = (args, scope) => {
  const rest = literalOf(args[0]) === '--' ? args.slice(1) : args;
  const text = rest[0];
  if (text === undefined || rest.length === 1 || /^(-|-[lp]|)$/.test(literalOf(text) ?? 'text')) return null;
  // It runs some time later, when any variable may hold something else.
  const state = copyState(scope.state);
  for (const name of state.variables.keys()) state.variables.set(name, opaque);
  runWords([text], { ...scope, state, loop: null, call: null, input: { kind: 'outside' } });
  return null;
};

const alias: Builtin = (args, scope) => {
  for (const arg of args) {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(literalOf(arg) ?? '') ?? [];
    if (name !== undefined && value !== undefined) scope.state.aliases.set(name, value);
    else if (arg.kind === 'unknown' || literalOf(arg)?.startsWith('-') === true)
      return refuse(scope, `the alias \`${textOf(arg).slice(0, 100)}\` is not literal`);
  }
  return null;
};

const unalias: Builtin = (args, scope) => {
  for (const arg of args) {
    const known = literalOf(arg);
    if (known === null) return refuse(scope, '`unalias` of a name that is not literal');
    // A shell that has read the line already keeps to what it has read.
    if (scope.state.aliases.has(known)) scope.state.aliases.set(known, null);
  }
  return [];
};

const leave: Builtin = (_args, scope) => {
  for (let loop: Loop | null = scope.loop; loop !== null; loop = loop.outer) {
    if (scope.findings.spend(scope.state.variables.size)) loop.early.push(copyState(scope.state));
  }
  return [];
};

const comeBack: Builtin = (_args, scope) => {
  if (scope.findings.spend(scope.state.variables.size)) scope.call?.early.push(copyState(scope.state));
  return [];
};

/** These evaluate what they are given as arithmetic, and run the substitutions in it. */
const evaluates: Builtin = (args, scope) => {
  for (const arg of args) checkEvaluated(literalOf(arg) ?? '', scope);
  return [];
};

const letBuiltin: Builtin = (args, scope) => {
  for (const arg of args) {
    const known = literalOf(arg);
    if (known === null) continue;
    checkEvaluated(known, scope);
    for (const [name] of known.matchAll(/[A-Za-z_][A-Za-z0-9_]*/g)) assign(scope, name, opaque);
  }
  return args.every((arg) => arg.kind === 'literal') ? [] : refuse(scope, '`let` of an expression that is not literal');
};

const hash: Builtin = (args, scope) =>
  optionsOf(args).includes('p') ? refuse(scope, '`hash -p` lets a name stand for another program') : null;
const onlyWithout: (options: string) => Builtin = (options) => (args, scope) =>
  args.some(mayBeOption) || [...options].some((option) => optionsOf(args).includes(option))
    ? refuse(scope, 'an option of a builtin that runs or loads what is not in the text')
    : null;

/** `jobs -x` runs the words that follow. */
const jobs: Builtin = (args, scope) => {
  if (args.some(mayBeOption)) return refuse(scope, '`jobs` with an option that is not literal');
  const at = args.findIndex((arg) => /^-[^-]*x/.test(literalOf(arg) ?? ''));
  return at < 0 ? null : runArgv(args.slice(at + 1), scope, { functions: true, builtins: true });
};

const table: Readonly<Record<string, Builtin>> = {
  ...Object.fromEntries(
    [':', 'true', 'false', 'umask', 'exit', 'logout', 'suspend', 'disown'].map((name) => [name, nothing]),
  ),
  ...Object.fromEntries(
    [
      'cd',
      'pwd',
      'pushd',
      'popd',
      'dirs',
      'ulimit',
      'times',
      'fg',
      'bg',
      'type',
      'help',
      'shopt',
      'compopt',
      'caller',
    ].map((name) => [name, () => null]),
  ),
  read: sets('adinNptu', 'a'),
  mapfile: sets('dnOsucC', ''),
  readarray: sets('dnOsucC', ''),
  wait: (args, scope) => (optionsOf(args).includes('p') ? sets('p', 'p')(args, scope) : []),
  getopts: (args, scope) => sets('', '')(args.slice(1, 2), scope),
  unset: unsetNames,
  set,
  shift,
  eval: evaluate,
  source,
  '.': source,
  exec,
  command,
  builtin: command,
  trap,
  alias,
  unalias,
  break: leave,
  continue: leave,
  return: comeBack,
  test: evaluates,
  '[': evaluates,
  let: letBuiltin,
  hash,
  enable: onlyWithout('fn'),
  complete: onlyWithout('CFW'),
  // Here and now, and not only when somebody completes a word: `-W` expands its text, substitutions too.
  compgen: onlyWithout('CFW'),
  jobs,
  bind: onlyWithout('xf'),
  fc: onlyWithout('se'),
  history: () => null,
};

const declared: Builtin = (args, scope) => {
  for (const arg of args) {
    if (/^[-+]/.test(literalOf(arg) ?? ''))
      return refuse(scope, 'a declaration whose options are not where they are read');
    const assigned = assignmentOf(arg);
    if (assigned !== null) setVariable(scope, assigned.name, scalar(assigned.value));
    else forget(literalOf(arg) ?? '', scope);
  }
  return [];
};

const builtins: ReadonlyMap<string, Builtin> = new Map([
  ...Object.entries(table),
  // Reached by `command export` and the like.
  ...['export', 'declare', 'typeset', 'local', 'readonly'].map((name) => [name, declared] as const),
]);

export const builtinOf = (name: string): Builtin | undefined => builtins.get(name);
