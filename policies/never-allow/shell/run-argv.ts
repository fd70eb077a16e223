import type { Nested, Outside, Reading, Stdin } from '../program.ts';
import { type Assignment, readInEnvironment } from '../programs/environment.ts';
import type { TypedAction } from '../typed-action.ts';
import { literal, literalOf, textOf, type Word } from '../word.ts';
import { assignmentOf, setVariable } from './assignment.ts';
import { builtinOf } from './builtins.ts';
import { callFunction } from './function.ts';
import { newShell, runFile, runKnown, runWords } from './nested.ts';
import { outputOf } from './output.ts';
import { withOutside } from './outside-words.ts';
import { programOf } from './program-name.ts';
import { mayGoDeeper, type Scope } from './scope.ts';
import { copyState, scalar } from './state.ts';
import { knownText } from './text.ts';
import { runUnlisted } from './unlisted.ts';
import type { Output } from './walk.ts';

/** Which meanings of a name count beside that of a program. */
type Names = { readonly functions: boolean; readonly builtins: boolean };

/** What one command comes to, once its words are known. */
export function runArgv(argv: readonly Word[], scope: Scope, names: Names): Output {
  if (!scope.findings.spend(4 + argv.length)) return null;
  const [first, ...args] = argv;
  if (first === undefined) return [];
  const name = literalOf(first);
  const called = name !== null && names.functions ? scope.state.functions.get(name) : undefined;
  if (called === null)
    return refuse(scope, 'unknown.program', `\`${name}\` is a function with more than one definition`);
  if (called !== undefined) return callFunction(called, args, scope);
  const builtin = name === null || !names.builtins ? undefined : builtinOf(name);
  if (name !== null && builtin !== undefined) {
    scope.findings.ran.set(name, true);
    return builtin(args, scope);
  }
  const found = programOf(first, scope);
  if (found.kind === 'unknown') return refuse(scope, found.rule, found.reason);
  scope.findings.ran.set(found.name, found.program !== null);
  const output = outputOf(found.name, args, scope);
  if (output !== undefined) return output;
  const read = found.program === null ? null : readInEnvironment(found.program, args, assignmentsIn(scope));
  if (read === null || (read.kind === 'read' && read.unlisted)) runUnlisted(found.name, argv, scope);
  else follow(read, found.name, scope);
  return null;
}

function refuse({ findings }: Scope, rule: string, reason: string): null {
  findings.refuse(rule, reason);
  return null;
}

/** The variables that a program may find in its environment, as far as the text sets them. */
function assignmentsIn({ state }: Scope): Assignment[] {
  return [...state.variables].flatMap(([name, variable]): Assignment[] => {
    if (variable.kind === 'unset') return [];
    const known = variable.kind === 'scalar' ? knownText(variable.text) : null;
    if (known !== null) return [{ name, value: literal(known) }];
    return [{ name, value: { kind: 'unknown', text: `$${name}`, prefix: '', splits: false } }];
  });
}

/** Follows what a program's grammar says of a command line, into everything that it runs. */
export function follow(reading: Reading, name: string, scope: Scope): void {
  if (reading.kind === 'unknown') {
    scope.findings.refuse(reading.rule, reading.reason);
    return;
  }
  // A session that reads a text is what the text says.
  const isSession = scope.input.kind === 'inherited' || !reading.stdin.endsWith('sql');
  scope.findings.add(reading.actions.filter(({ verb }) => isSession || verb !== 'session'));
  for (const { effect, system, names } of reading.actions)
    if (effect === 'write' && system === 'host') for (const target of names) scope.findings.written.add(target);
  if (!mayGoDeeper(scope)) return;
  // What is set for what runs (`env A=b`) is set for nothing else.
  const inner = { ...scope, depth: scope.depth + 1, state: copyState(scope.state) };
  for (const nested of reading.nested) runNested(nested, inner);
  readStdin(reading.stdin, name, inner);
}

function runNested(nested: Nested, scope: Scope): void {
  switch (nested.kind) {
    case 'assignment': {
      const assigned = assignmentOf(nested.value);
      setVariable(scope, nested.name, scalar(assigned?.value ?? [{ unknown: nested.name }]));
      return;
    }
    case 'argv':
      runNestedArgv(nested.argv, nested.outside, scope);
      return;
    case 'shell':
      runWords(nested.words, newShell(scope, nested.dialect ?? 'bash', nested.positional ?? null));
      return;
    case 'script':
      runFile(nested.path, newShell(scope, nested.dialect ?? 'bash', nested.positional ?? null));
      return;
    case 'sql': {
      const text = literalOf(nested.text);
      if (text === null)
        refuse(scope, 'unknown.sql-text', `\`${textOf(nested.text).slice(0, 200)}\` is run as SQL and is not literal`);
      else follow(scope.findings.grammars.readSql(text), 'sql', scope);
      return;
    }
    case 'code':
      refuse(scope, 'unknown.code', `nothing here can read ${nested.language}`);
  }
}

function runNestedArgv(argv: readonly Word[], from: Outside | undefined, scope: Scope): void {
  const inner = { ...scope, loop: null, call: null };
  if (from === undefined) {
    runArgv(argv, inner, { functions: false, builtins: true });
    return;
  }
  for (const words of withOutside(argv, from, scope.input))
    runArgv(words, { ...inner, input: { kind: 'outside' } }, { functions: false, builtins: true });
}

/** What a program does with its standard input, where that decides what it does. */
function readStdin(stdin: Stdin, name: string, scope: Scope): void {
  const { input } = scope;
  const text = input.kind === 'text' ? input.text : null;
  if (stdin === 'shell') {
    // Nothing is given: somebody will type it, and this text does not say what.
    if (input.kind === 'inherited') scope.findings.add([session(name)]);
    else runKnown(text, newShell(scope, 'bash', null));
  } else if (stdin === 'sent') {
    // Nothing, or the letter that ends the connection, asks the server for nothing.
    if (input.kind === 'inherited' || !/^\s*Q?\s*$/.test(knownText(text) ?? '?')) scope.findings.add([session(name)]);
  } else if ((stdin === 'sql' || stdin === 'other-sql') && input.kind !== 'inherited') {
    const known = knownText(text);
    if (known === null)
      refuse(scope, 'unknown.stdin', `\`${name}\` runs what it reads from its input, and that is not in the text`);
    else if (stdin === 'sql') follow(scope.findings.grammars.readSqlScript(known), 'sql', scope);
    else if (known.trim() !== '')
      refuse(scope, 'unknown.sql-dialect', `nothing here can read the language of \`${name}\``);
  }
}

const session = (name: string): TypedAction => ({
  system: 'host',
  verb: 'session',
  object: '',
  names: [name],
  modifiers: [],
  effect: 'write',
});
