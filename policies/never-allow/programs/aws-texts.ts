import { type Reading, reading, unknown } from '../program.ts';
import { readPlainSql } from '../sql/plain-sql.ts';
import { merge } from '../sql/psql-script.ts';
import { literal, literalOf, type Word } from '../word.ts';

type Language = 'sql' | 'shell' | 'commands' | 'session';

/** Operations that carry text in another language, and the option that holds it. */
const carriers: ReadonlyMap<string, { readonly option: string; readonly language: Language }> = new Map([
  ['rds-data execute-statement', { option: 'sql', language: 'sql' }],
  ['rds-data batch-execute-statement', { option: 'sql', language: 'sql' }],
  ['rds-data execute-sql', { option: 'sql-statements', language: 'sql' }],
  ['redshift-data execute-statement', { option: 'sql', language: 'sql' }],
  ['redshift-data batch-execute-statement', { option: 'sqls', language: 'sql' }],
  ['athena start-query-execution', { option: 'query-string', language: 'sql' }],
  ['ecs execute-command', { option: 'command', language: 'shell' }],
  ['emr ssh', { option: 'command', language: 'shell' }],
  ['ssm send-command', { option: 'parameters', language: 'commands' }],
  ['ssm start-session', { option: 'parameters', language: 'session' }],
]);

export const hasTexts = (service: string, operation: string): boolean => carriers.has(`${service} ${operation}`);

/** What such an operation comes to: itself a write, and the text inside. Unknown where the text is not plain in the words. */
export function readTexts(service: string, operation: string, rest: readonly Word[]): Reading {
  const carrier = carriers.get(`${service} ${operation}`);
  const own = { system: 'aws', verb: operation, object: service, names: [], modifiers: [], effect: 'write' } as const;
  if (carrier?.language === 'session' && !rest.some((word) => mayBe(word, carrier.option))) return reading([own]);
  const value = carrier === undefined ? null : onlyValue(rest, carrier.option);
  const texts = value === null ? null : textsOf(value, carrier?.language);
  if (carrier === undefined || texts === null || texts.some((text) => /^(file|fileb|https?):/.test(text)))
    return unknown('unknown.aws-text', `what \`${service} ${operation}\` runs cannot be told`);
  // A statement says itself whether it writes. Its database may speak any dialect.
  if (carrier.language === 'sql') return merge(texts.map(readPlainSql));
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

const mayBe = (word: Word, option: string): boolean => word.kind === 'unknown' || isFor(word, option);

function textsOf(value: string, language: Language | undefined): readonly string[] | null {
  if (language === 'commands') return commandsIn(value, 'commands');
  if (language !== 'session') return [value];
  // A session for a port or a host has no command of its own.
  return /command/i.test(value) ? commandsIn(value, 'command') : [];
}

/** The texts in `{"commands": ["…"]}`, `commands=["…"]` and `commands=…`; no other spelling is read. */
function commandsIn(text: string, key: string): readonly string[] | null {
  const [, short] = new RegExp(`^${key}=(.*)$`, 's').exec(text) ?? [];
  if (short !== undefined && /^[^\s,'"[\]{}=][^,'"[\]{}=]*$/.test(short)) return [short];
  const found = short === undefined ? fieldOf(parsed(text), key) : parsed(short);
  return Array.isArray(found) && found.every((command) => typeof command === 'string') ? found : null;
}

function fieldOf(value: unknown, key: string): unknown {
  // A name in capitals, or one given twice, may be read in another way.
  return typeof value === 'object' && value !== null && Object.keys(value).length === 1
    ? (value as Readonly<Record<string, unknown>>)[key]
    : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
