import type { Word as Source, WordPart } from 'unbash';
import type { Word } from '../word.ts';
import { visitArithmetic } from './arithmetic.ts';
import { expandBraces } from './braces.ts';
import { addList, Fields, type Separators, sizeOfList, usualSeparators } from './fields.ts';
import { type Expansion, expandParameter } from './parameter.ts';
import { parseWord } from './parse.ts';
import type { Scope } from './scope.ts';
import { copyState } from './state.ts';
import { type Bit, knownText, shownText, type Text, textSize, withoutLastNewlines } from './text.ts';
import { runScript } from './walk.ts';

const shownMax = 200;
const shown = (text: string): string => text.slice(0, shownMax);

/** The words that a command is given: after every expansion, splitting and unquoting. */
export function expandWords(sources: readonly Source[], scope: Scope): Word[] {
  return sources.flatMap((source) => {
    const braced = hasBraces(source) ? expandBraces(source.text) : null;
    if (braced === null) return expandFields(source, scope);
    if (scope.dialect === 'posix') refuseDialect(scope, 'a brace expansion');
    const words = braced === 'too-many' ? null : braced.filter((text) => text !== '').map(parseWord);
    if (words === null || words.includes(null)) return anything(source, scope);
    return words.flatMap((word) => (word === null ? [] : expandFields(word, scope)));
  });
}

export function refuseDialect({ findings }: Scope, what: string): void {
  findings.refuse('unknown.dialect', `${what} does not mean the same in every \`sh\``);
}

/** A word of which nothing is known; what stands inside it is still run. */
function anything(source: Source, scope: Scope): Word[] {
  textOfParts(source.parts, scope);
  return [{ kind: 'unknown', text: shown(source.text), prefix: '', splits: true }];
}

const hasBraces = (source: Source): boolean => source.parts?.some(({ type }) => type === 'BraceExpansion') === true;

/** The characters at which the shell splits. */
function separatorsOf({ state }: Scope): Separators {
  const ifs = state.variables.get('IFS');
  if (ifs === undefined || ifs.kind === 'unset') return usualSeparators;
  return ifs.kind === 'scalar' ? knownText(ifs.text) : null;
}

function expandFields(source: Source, scope: Scope): Word[] {
  const { parts, text } = source;
  scope.findings.spend(text.length);
  if (parts === undefined && !text.startsWith('~')) return [{ kind: 'literal', value: source.value }];
  const fields = new Fields(separatorsOf(scope), shown(text));
  if (parts === undefined) for (const bit of tilde(source, scope)) addBit(fields, bit, false);
  parts?.forEach((part, index) => {
    if (index === 0 && part.type === 'Literal' && text.startsWith('~'))
      for (const bit of tilde(part, scope)) addBit(fields, bit, false);
    else addPart(fields, part, scope);
  });
  return fields.words();
}

const addBit = (fields: Fields, bit: Bit, loose: boolean): void =>
  typeof bit === 'string' ? fields.add(bit) : fields.addUnknown(bit.unknown, loose);

/** `~/bin`: a home directory stays as it is written, and decides nothing; unless the text itself sets what it is. */
function tilde({ value, text }: { readonly value: string; readonly text: string }, { state }: Scope): Text {
  const isTold = /^~[+-]/.test(text) || state.variables.has('HOME');
  return isTold ? [{ unknown: shown(text) }] : [value];
}

function addPart(fields: Fields, part: WordPart, scope: Scope): void {
  switch (part.type) {
    case 'Literal':
    case 'SingleQuoted':
      fields.add(part.value);
      return;
    case 'AnsiCQuoted':
      if (scope.dialect === 'posix') refuseDialect(scope, "`$'…'`");
      fields.add(part.value);
      return;
    case 'DoubleQuoted':
    case 'LocaleString':
      // A list without items inside quotes of its own is no word at all; quotes with nothing in them are an empty one.
      if (part.parts.length !== 1 || !isList(part.parts[0])) fields.add('');
      for (const inner of part.parts)
        addExpansion(fields, expansionOf(inner, scope), true, inner.text, separatorsOf(scope));
      return;
    case 'SimpleExpansion':
    case 'ParameterExpansion':
    case 'CommandExpansion':
    case 'ArithmeticExpansion':
    case 'ProcessSubstitution':
      addExpansion(fields, expansionOf(part, scope), false, part.text, separatorsOf(scope));
      return;
    case 'Glob':
    case 'ExtendedGlob':
    case 'BraceExpansion':
      // A brace expansion is seen here only inside a word that another one has made. What stands inside is still run.
      textOfParts(part.parts, scope);
      fields.addUnknown(part.text, true);
      return;
  }
}

const isList = (part: WordPart | undefined): boolean =>
  (part?.type === 'SimpleExpansion' && part.text === '$@') ||
  (part?.type === 'ParameterExpansion' && (part.parameter === '@' || part.index?.text === '@'));

function addExpansion(
  fields: Fields,
  expansion: Expansion,
  quoted: boolean,
  text: string,
  separators: Separators,
): void {
  switch (expansion.kind) {
    case 'text':
      quoted ? fields.addQuoted(expansion.text) : fields.addSplit(expansion.text);
      return;
    case 'number':
      fields.addUnknown(shown(text), false);
      return;
    case 'list':
      addList(fields, expansion.items, quoted);
      return;
    case 'joined':
      if (!quoted && expansion.items === null) {
        fields.addUnknown(shown(text), true);
        return;
      }
      if (!quoted) {
        addList(fields, expansion.items ?? [], false);
        return;
      }
      fields.addQuoted(joinItems(expansion.items, separators, text));
      return;
    case 'anything':
      fields.addUnknown(shown(text), true);
      return;
  }
}

/** `"$*"`: the items with the first separator between them. */
function joinItems(items: readonly Text[] | null, separators: Separators, text: string): Text {
  if (items === null || separators === null) return [{ unknown: shown(text) }];
  return items.flatMap((item, index) => (index === 0 ? item : [separators.slice(0, 1), ...item]));
}

/** A part as an expansion, inside or outside quotes. */
function expansionOf(part: WordPart, scope: Scope): Expansion {
  const expansion = expandPart(part, scope);
  const size =
    expansion.kind === 'text'
      ? textSize(expansion.text)
      : expansion.kind === 'list' || expansion.kind === 'joined'
        ? sizeOfList(expansion.items ?? [])
        : 1;
  return scope.findings.spend(size) ? expansion : { kind: 'anything' };
}

function expandPart(part: WordPart, scope: Scope): Expansion {
  switch (part.type) {
    case 'Literal':
      return { kind: 'text', text: [part.value] };
    case 'SimpleExpansion':
    case 'ParameterExpansion':
      return expandParameter(part, scope);
    case 'CommandExpansion':
      return { kind: 'text', text: substitute(part, scope) };
    case 'ArithmeticExpansion':
      visitArithmetic(part.expression, part.text, scope);
      return scope.state.variables.has('IFS') ? { kind: 'anything' } : { kind: 'number' };
    case 'ProcessSubstitution':
      return { kind: 'text', text: [connect(part, scope)] };
    default:
      return { kind: 'text', text: textOfParts([part], scope) };
  }
}

/** What a command substitution is replaced with: known where its command only prints known text. */
function substitute(part: { readonly script: unknown; readonly text: string } & WordPart, scope: Scope): Text {
  if (part.type !== 'CommandExpansion') return [];
  const inner = { ...scope, state: copyState(scope.state), loop: null, call: null };
  const output = runScript(part.script, inner);
  // A NUL is dropped on the way, by some shells, and what stands around it comes together.
  const hasNul = output?.some((bit) => typeof bit === 'string' && bit.includes('\0')) === true;
  return output === null || hasNul ? [{ unknown: shown(part.text) }] : withoutLastNewlines(output);
}

const descriptorFirst = 63;

/** The path that a process substitution stands for; what is read from it is kept where its command only prints known text. */
function connect(part: WordPart & { readonly type: 'ProcessSubstitution' }, scope: Scope): string {
  const reads = part.operator === '<';
  const input = reads ? scope.input : ({ kind: 'outside' } as const);
  const output = runScript(part.script, { ...scope, input, state: copyState(scope.state), loop: null, call: null });
  const path = `/dev/fd/${descriptorFirst + scope.files.size}`;
  scope.files.set(path, reads ? output : null);
  return path;
}

/** A word that is one value whatever it holds: what a variable is set to, a here-string, a file to write to. */
export function expandText(source: Source, scope: Scope): Text {
  scope.findings.spend(source.text.length);
  if (source.parts === undefined) return source.text.startsWith('~') ? tilde(source, scope) : [source.value];
  return textOfParts(source.parts, scope, source.text.startsWith('~'));
}

export function textOfParts(parts: readonly WordPart[] | undefined, scope: Scope, home = false): Text {
  return (parts ?? []).flatMap((part, index) =>
    home && index === 0 && part.type === 'Literal' ? tilde(part, scope) : textOfPart(part, scope),
  );
}

function textOfPart(part: WordPart, scope: Scope): Text {
  switch (part.type) {
    case 'Literal':
    case 'SingleQuoted':
      return [part.value];
    case 'AnsiCQuoted':
      if (scope.dialect === 'posix') refuseDialect(scope, "`$'…'`");
      return [part.value];
    case 'DoubleQuoted':
    case 'LocaleString':
      return textOfParts(part.parts, scope);
    case 'Glob':
    case 'ExtendedGlob':
    case 'BraceExpansion':
      textOfParts(part.parts, scope);
      return part.parts === undefined ? [part.text] : [{ unknown: shown(part.text) }];
    default:
      return textOfExpansion(expansionOf(part, scope), part.text);
  }
}

function textOfExpansion(expansion: Expansion, text: string): Text {
  if (expansion.kind === 'text') return expansion.text;
  // In one value the items of a list are joined; how depends on what stands around it.
  const items = expansion.kind === 'list' || expansion.kind === 'joined' ? expansion.items : null;
  if (items !== null && items.length <= 1) return items[0] ?? [];
  return [{ unknown: shown(text) }];
}

export const shownWord = (text: Text): string => shown(shownText(text));
