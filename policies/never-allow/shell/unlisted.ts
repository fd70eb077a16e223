import { forbiddenBy } from '../floor.ts';
import { isStatementName } from '../only-statement.ts';
import { unlistedRun } from '../program.ts';
import type { TypedAction } from '../typed-action.ts';
import { literal, literalOf, type Word } from '../word.ts';
import { newShell, runText } from './nested.ts';
import { baseName } from './program-name.ts';
import { runArgv } from './run-argv.ts';
import { mayGoDeeper, type Scope } from './scope.ts';
import { knownText } from './text.ts';

const attemptsMax = 16;
const marksMax = 3;
/** What people call these by an alias of their start file. */
const shortNames: ReadonlyMap<string, string> = new Map([
  ['k', 'kubectl'],
  ['kc', 'kubectl'],
  ['h', 'helm'],
  ['tf', 'terraform'],
  ['tg', 'terragrunt'],
]);

/**
 * A program that nobody listed: a write, of which nothing more is known. It may run what its words or its input say, so they
 * are tried as a command, as shell text and as SQL, and what the floor forbids is forbidden here too.
 */
export function runUnlisted(name: string, argv: readonly Word[], scope: Scope): void {
  const { findings } = scope;
  findings.add([unlistedRun(name)]);
  // In zsh it may be a word of the language (`noglob`, `=kubectl`).
  if (scope.dialect === 'zsh') findings.refuse('unknown.dialect', `\`${name.slice(0, 60)}\` may be no program in zsh`);
  if (isStatementName(literalOf(argv[0]) ?? '') || !mayGoDeeper(scope)) return;
  const commands = argv.flatMap((word, at) => (at > 0 && isListed(word, scope) ? [argv.slice(at)] : []));
  const meant = shortNames.get(name);
  if (meant !== undefined) commands.unshift([literal(meant), ...argv.slice(1)]);
  const [own, input] = [argv.slice(1).map(literalOf).flatMap(textsIn), textsIn(inputOf(scope))];
  const texts = [...own, ...input];
  if (commands.length + texts.length > attemptsMax)
    findings.refuse('unknown.limit', `\`${name.slice(0, 60)}\` may run more of its words than can be tried`);
  for (const words of commands.slice(0, attemptsMax)) tryCommand(words, scope);
  for (const text of own.slice(0, attemptsMax)) tryText(text, scope);
  // What is run from the input reads none of it again: it would be tried once more at every depth, until the work is spent.
  for (const text of input) tryText(text, { ...scope, input: { kind: 'outside' } });
}

const isListed = (word: Word, { findings }: Scope): boolean => {
  const text = literalOf(word);
  return text !== null && findings.grammars.programs.has(baseName(text));
};

const inputOf = ({ input }: Scope): string | null => (input.kind === 'text' ? knownText(input.text) : null);

/** A word of several, and what stands in it behind a mark or an option: `alias.x=!kubectl …`, `EXEC:kubectl …`, `-Okubectl …`. */
function textsIn(text: string | null): string[] {
  if (text === null || !/\s/.test(text.trim())) return [];
  const [first = ''] = /^\s*\S*/.exec(text) ?? [];
  const marks = [...first.matchAll(/[=:!]|^-\w/g)].slice(0, marksMax);
  return [text, ...marks.map((mark) => text.slice(mark.index + mark[0].length))];
}

function tryCommand(argv: readonly Word[], scope: Scope): void {
  const inner = attempt(scope);
  runArgv(argv, inner, { functions: false, builtins: false });
  takeFound(inner, scope);
  // A listed program behind a word that is not literal: what it does is not decided, whoever runs it.
  const { unknown } = inner.findings;
  if (unknown !== null && argv.some(({ kind }) => kind === 'unknown'))
    scope.findings.refuse(unknown.rule, unknown.reason);
}

function tryText(text: string, scope: Scope): void {
  const inner = attempt(scope);
  runText(text, inner);
  takeFound(inner, scope);
  const asSql = scope.findings.grammars.readSql(text);
  if (asSql.kind === 'read') takeForbidden(asSql.actions, scope);
}

const attempt = (scope: Scope): Scope => ({
  ...newShell(scope, 'bash', null),
  findings: scope.findings.fork(),
  depth: scope.depth + 1,
});

/** Text that is no command ends in anything; what was too much to read is as undecided here as anywhere. */
function takeFound({ findings: { actions, unknown } }: Scope, scope: Scope): void {
  takeForbidden(actions, scope);
  if (unknown?.rule === 'unknown.limit') scope.findings.refuse(unknown.rule, unknown.reason);
}

const takeForbidden = (actions: readonly TypedAction[], { findings }: Scope): void =>
  findings.add(actions.filter((action) => forbiddenBy(action) !== null));
