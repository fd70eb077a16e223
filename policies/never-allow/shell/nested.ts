import type { Dialect } from '../program.ts';
import { literalOf, textOf, type Word } from '../word.ts';
import { parseShell } from './parse.ts';
import { mayGoDeeper, type Scope } from './scope.ts';
import { newState } from './state.ts';
import { knownText, type Text, textOfWord } from './text.ts';
import { type Output, runScript } from './walk.ts';

/** Shell text, in the very shell of `scope` (`eval`) or in the one that the caller has made for it. */
export function runText(text: string, scope: Scope): Output {
  if (!mayGoDeeper(scope) || !scope.findings.spend(text.length)) return null;
  const parsed = parseShell(text);
  if (!parsed.ok) scope.findings.refuse(parsed.rule, parsed.reason);
  return parsed.script === null ? null : runScript(parsed.script, { ...scope, depth: scope.depth + 1 });
}

/** Words that are joined by blanks and run as shell text. */
export function runWords(words: readonly Word[], scope: Scope): Output {
  const values = words.map(literalOf);
  const open = words[values.indexOf(null)];
  if (open === undefined) return runText(values.join(' '), scope);
  scope.findings.refuse(
    'unknown.shell-text',
    `\`${textOf(open).slice(0, 200)}\` is run as shell text and is not literal`,
  );
  return null;
}

/** A text that is run as shell text, of which more than the text here may decide. */
export function runKnown(text: Text | null, scope: Scope): Output {
  const known = knownText(text);
  if (known !== null) return runText(known, scope);
  scope.findings.refuse('unknown.stdin', 'a shell runs what it reads from its input, and that is not in the text');
  return null;
}

/** A file that is run as shell text. Known where it is a process substitution or standard input, and that is known. */
export function runFile(path: Word, scope: Scope): Output {
  const name = literalOf(path);
  const held = name === null ? undefined : scope.files.get(name);
  if (held !== undefined) return runKnown(held, scope);
  if ((name === '/dev/stdin' || name === '/dev/fd/0' || name === '/proc/self/fd/0') && scope.input.kind === 'text')
    return runKnown(scope.input.text, scope);
  scope.findings.refuse('unknown.script', `what is in \`${textOf(path).slice(0, 200)}\` is not in the text`);
  return null;
}

/** Another shell: it sees none of the variables, functions and aliases of this one but those that are exported. */
export function newShell(scope: Scope, dialect: Dialect, positional: readonly Word[] | null): Scope {
  const texts = (positional ?? []).map(textOfWord);
  const known =
    positional === null || dialect === 'zsh' || texts.includes(null) ? null : texts.filter((text) => text !== null);
  return { ...scope, state: newState(known), dialect, loop: null, call: null };
}
