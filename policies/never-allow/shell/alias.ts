import { literal, literalOf, type Word } from '../word.ts';
import { parseShell } from './parse.ts';
import { runArgv } from './run-argv.ts';
import { mayGoDeeper, type Scope } from './scope.ts';
import { copyState } from './state.ts';
import type { Output } from './walk.ts';

/**
 * Runs a command whose name may be an alias. A shell expands aliases or does not, depending on how it was started: both are
 * judged. `source` is the name as it is written, as a quoted one is never an alias.
 */
export function withAlias(source: string, argv: readonly Word[], scope: Scope, run: () => Output): Output {
  const expanded = expandedBy(source, argv, scope);
  if (expanded === null) return run();
  run();
  if (mayGoDeeper(scope)) {
    const state = copyState(scope.state);
    runArgv(expanded, { ...scope, state, depth: scope.depth + 1 }, { functions: true, builtins: true });
  }
  return null;
}

function expandedBy(source: string, argv: readonly Word[], scope: Scope): readonly Word[] | null {
  const { aliases } = scope.state;
  const [first, ...rest] = argv;
  if (literalOf(first) !== source || !aliases.has(source)) return null;
  const seen = new Set<string>();
  let words = [first as Word];
  let following = rest;
  for (let name = source; aliases.has(name) && !seen.has(name); name = literalOf(words[0]) ?? '') {
    seen.add(name);
    const value = aliases.get(name) ?? null;
    const made = value === null ? null : plainWords(value);
    if (value === null || made === null) {
      scope.findings.refuse('unknown.alias', `the alias \`${name.slice(0, 60)}\` is more than plain words`);
      return null;
    }
    words = [...made, ...words.slice(1)];
    // After an alias that ends in a blank the next word may be an alias too.
    const next = literalOf(following[0]) ?? '';
    if (/\s$/.test(value) && aliases.has(next) && !seen.has(next)) {
      const more = plainWords(aliases.get(next) ?? '`');
      if (more === null)
        scope.findings.refuse('unknown.alias', `the alias \`${next.slice(0, 60)}\` is more than plain words`);
      following = [...(more ?? []), ...following.slice(1)];
    }
  }
  return [...words, ...following];
}

/** The words of text that is nothing but literal words. */
function plainWords(text: string): Word[] | null {
  if (text.trim() === '') return [];
  const parsed = parseShell(text);
  const [statement, ...others] = parsed.ok ? parsed.script.commands : [];
  if (statement === undefined || others.length > 0 || statement.background === true) return null;
  const { command } = statement;
  if (command.type !== 'Command' || command.prefix.length > 0 || command.name === undefined) return null;
  const words = [command.name, ...command.suffix];
  const values = words.map((word) =>
    word.type === 'Word' && (word.parts ?? []).every(({ type }) => type === 'Literal' || type === 'SingleQuoted')
      ? literal(word.value)
      : null,
  );
  return values.includes(null) ? null : values.filter((value) => value !== null);
}
