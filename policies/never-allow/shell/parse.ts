import { type ParsedScript, parse, type Word } from 'unbash';

export type ParsedShell =
  | { readonly ok: true; readonly script: ParsedScript }
  /** `script` is what a shell runs all the same: the lines before the one that it cannot read. */
  | { readonly ok: false; readonly rule: string; readonly reason: string; readonly script: ParsedScript | null };

const refused = (rule: string, reason: string, script: ParsedScript | null = null): ParsedShell => ({
  ok: false,
  rule,
  reason,
  script,
});

/** Parses shell text by the grammar of Bash. Never throws: what the grammar does not accept whole is refused. */
export function parseShell(text: string): ParsedShell {
  // A shell drops NUL, keeps the others as part of a word, and a terminal hides them: nobody would see what runs.
  const control = /(?![\t\n])\p{Cc}|\p{Cf}|\p{Cs}/u.exec(text);
  if (control !== null)
    return refused('unknown.character', `expected no control character, got one at ${control.index}`);
  try {
    const script = parse(text);
    const error = script.errors?.[0];
    if (error === undefined) return { ok: true, script };
    const commands = script.commands.filter(({ end }) => text.slice(end, error.pos).includes('\n'));
    const { errors: _, ...whole } = script;
    return refused('unknown.syntax', `${error.message} at ${error.pos}`, { ...whole, commands });
  } catch {
    return refused('unknown.syntax', 'expected shell text that can be parsed');
  }
}

/** Text of a word as a word; null when it is not one. */
export function parseWord(text: string): Word | null {
  const parsed = parseShell(`: ${text}`);
  const [statement, ...others] = parsed.ok ? parsed.script.commands : [];
  if (statement?.command.type !== 'Command' || others.length > 0) return null;
  const [word, ...more] = statement.command.suffix;
  return word?.type === 'Word' && more.length === 0 ? word : null;
}
