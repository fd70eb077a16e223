import { type Reading, reading, unknown } from '../program.ts';
import { readPlainSql } from '../sql/plain-sql.ts';
import { merge } from '../sql/psql-script.ts';
import { literal, literalOf, type Word } from '../word.ts';

/** Operations that carry text in another language, and the option that holds it. */
const carriers: ReadonlyMap<string, { readonly option: string; readonly language: 'sql' | 'shell' | 'commands' }> =
  new Map([
    ['rds-data execute-statement', { option: 'sql', language: 'sql' }],
    ['rds-data batch-execute-statement', { option: 'sql', language: 'sql' }],
    ['rds-data execute-sql', { option: 'sql-statements', language: 'sql' }],
    ['redshift-data execute-statement', { option: 'sql', language: 'sql' }],
    ['redshift-data batch-execute-statement', { option: 'sqls', language: 'sql' }],
    ['athena start-query-execution', { option: 'query-string', language: 'sql' }],
    ['ecs execute-command', { option: 'command', language: 'shell' }],
    ['emr ssh', { option: 'command', language: 'shell' }],
    ['ssm send-command', { option: 'parameters', language: 'commands' }],
  ]);

export const hasTexts = (service: string, operation: string): boolean => carriers.has(`${service} ${operation}`);

/** What such an operation comes to: itself a write, and the text inside. Unknown where the text is not plain in the words. */
export function readTexts(service: string, operation: string, rest: readonly Word[]): Reading {
  const carrier = carriers.get(`${service} ${operation}`);
  const value = carrier === undefined ? null : onlyValue(rest, carrier.option);
  const texts = value === null ? null : carrier?.language === 'commands' ? commandsOf(value) : [value];
  if (carrier === undefined || texts === null || texts.some((text) => /^(file|fileb|https?):/.test(text)))
    return unknown('unknown.aws-text', `what \`${service} ${operation}\` runs cannot be told`);
  // A statement says itself whether it writes. Its database may speak any dialect.
  if (carrier.language === 'sql') return merge(texts.map(readPlainSql));
  const own = { system: 'aws', verb: operation, object: service, names: [], modifiers: [], effect: 'write' } as const;
  return reading(
    [own],
    texts.map((text) => ({ kind: 'shell', words: [literal(text)] })),
  );
}

/** The one value of an option, given once and literal; null otherwise, also where a list of values or a file is given. */
function onlyValue(rest: readonly Word[], option: string): string | null {
  const places = rest.flatMap((word, at) => (isFor(word, option) ? [at] : []));
  const [at, ...others] = places;
  const word = at === undefined ? undefined : rest[at];
  const elsewhere = rest.some((other) => other.kind === 'unknown' || other.value.startsWith('--cli-input'));
  if (at === undefined || word === undefined || others.length > 0 || elsewhere) return null;
  const [, value] = /^[^=]*=(.*)$/s.exec(literalOf(word) ?? '') ?? [];
  if (value !== undefined) return value;
  const after = literalOf(rest[at + 2]);
  return after === null || after.startsWith('-') ? literalOf(rest[at + 1]) : null;
}

/** The option, or a beginning of its name that may stand for it. */
function isFor(word: Word, option: string): boolean {
  const name = (literalOf(word) ?? '').split('=')[0] ?? '';
  return name.length > 2 && `--${option}`.startsWith(name);
}

/** The commands in `{"commands": ["…"]}`; no other spelling is read. */
function commandsOf(text: string): readonly string[] | null {
  try {
    const parsed: unknown = JSON.parse(text);
    const commands = (parsed as { readonly commands?: unknown } | null)?.commands;
    return Array.isArray(commands) && commands.every((command) => typeof command === 'string') ? commands : null;
  } catch {
    return null;
  }
}
