import type { Assignment, Command } from 'unbash';
import { literalOf, type Word } from '../word.ts';
import { withAlias } from './alias.ts';
import { assignFrom, during } from './assignment.ts';
import { declarations, declare } from './declaration.ts';
import { expandWords } from './expand.ts';
import { parseWord } from './parse.ts';
import { redirect } from './redirect.ts';
import { runArgv } from './run-argv.ts';
import type { Scope } from './scope.ts';
import type { Output } from './walk.ts';

/** A simple command: its words, its redirections and assignments, and then what it comes to. */
export function runCommand(node: Command, scope: Scope): Output {
  const parts = [...node.prefix, ...(node.name === undefined ? [] : [node.name]), ...node.suffix];
  // The parser ends a word before `<(`; to Bash `A=<(cmd) sh x` assigns, and runs `sh`.
  if (parts.some(({ end }, at) => end === parts[at + 1]?.pos))
    scope.findings.refuse('unknown.syntax', 'two words stand together without a blank');
  const assignments = node.prefix.filter((part) => part.type === 'Assignment');
  // The words come first: an assignment in front of a command is not seen in them.
  const argv = node.name === undefined ? [] : expandWords([node.name], scope);
  const rest = node.suffix.filter((part) => part.type === 'Word' || part.type === 'Assignment');
  const declares = declarations.has(literalOf(argv[0]) ?? '') && argv.length === 1;
  const more = declares ? [] : rest.flatMap((part) => wordsOf(part, scope));
  const { input, prints } = redirect(node.redirects, scope);
  const words = [...argv, ...more];
  if (words.length === 0) {
    for (const assignment of assignments) assignFrom(assignment, scope);
    return node.redirects.length === 0 ? [] : null;
  }
  // Redirections of `exec` alone stay: from here on everything reads from somewhere else.
  if (words.length === 1 && literalOf(words[0]) === 'exec' && input !== scope.input)
    scope.findings.refuse('unknown.builtin', '`exec` moves the input of all that follows');
  const inner: Scope = { ...scope, input };
  const output = during(assignments, inner, () => {
    if (declares) return declare(argv, rest, inner);
    return withAlias(node.name?.text ?? '', words, inner, () => runArgv(words, inner, inShell));
  });
  return prints ? output : null;
}

const inShell = { functions: true, builtins: true } as const;

/** After the name of some builtins unbash tells assignments from words. Here they are words, like any other. */
function wordsOf(part: Assignment | Command['args'][number], scope: Scope): Word[] {
  const source = part.type === 'Word' ? part : parseWord(part.text);
  if (source !== null) return expandWords([source], scope);
  scope.findings.refuse('unknown.syntax', `\`${part.text.slice(0, 100)}\` is no word`);
  return [];
}
