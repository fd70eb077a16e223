import type { ParameterExpansionPart, ParameterOperation, SimpleExpansionPart, Word } from 'unbash';
import { expandText } from './expand.ts';
import { caseOf, remove, replace, slice } from './operation.ts';
import { assign, type Scope } from './scope.ts';
import { opaque, type Variable } from './state.ts';
import { knownText, somethingUnknown, type Text } from './text.ts';

/** What one expansion is replaced with. */
export type Expansion =
  | { readonly kind: 'text'; readonly text: Text }
  /** A number that is not computed: it has no blank and no pattern in it. */
  | { readonly kind: 'number' }
  /** `"$@"`: a word for each item. */
  | { readonly kind: 'list'; readonly items: readonly Text[] }
  /** `$*`: one word inside quotes; null when the items are not known. */
  | { readonly kind: 'joined'; readonly items: readonly Text[] | null }
  /** `"$@"` of which nothing is known: any number of words, quoted or not. */
  | { readonly kind: 'anything' };

const text = (value: Text): Expansion => ({ kind: 'text', text: value });
const unknownText = (shown: string): Expansion => text(somethingUnknown(shown.slice(0, 200)));

export function expandParameter(part: SimpleExpansionPart | ParameterExpansionPart, scope: Scope): Expansion {
  if (part.type === 'SimpleExpansion') return valueOfParameter(part.text.slice(1), undefined, part.text, scope);
  const { prefix, index, operation } = part;
  if (index !== undefined && !isAll(index)) expandText(index, scope);
  if (prefix === '!') {
    visitOperation(operation, scope);
    return indirect(part, scope);
  }
  const value = valueOfParameter(part.parameter, index, part.text, scope);
  if (prefix === '#') return { kind: 'number' };
  return operation === undefined ? value : operate(value, operation, part, scope);
}

const isAll = ({ text }: Word): boolean => text === '@' || text === '*';

function valueOfParameter(name: string, index: Word | undefined, shown: string, scope: Scope): Expansion {
  const { positional, variables } = scope.state;
  if (name === '@') return positional === null ? { kind: 'anything' } : { kind: 'list', items: positional };
  if (name === '*') return { kind: 'joined', items: positional };
  if (/^[#?]$|^\$$/.test(name)) return { kind: 'number' };
  if (/^[1-9]\d*$/.test(name))
    return positional === null ? unknownText(shown) : text(positional[Number(name) - 1] ?? []);
  return variableText(variables.get(name), index, shown);
}

function variableText(variable: Variable | undefined, index: Word | undefined, shown: string): Expansion {
  const items = itemsOf(variable);
  if (index?.text === '@') return items === null ? { kind: 'anything' } : { kind: 'list', items };
  if (index?.text === '*') return { kind: 'joined', items };
  if (items === null) return unknownText(shown);
  const at = index === undefined ? 0 : /^\d{1,4}$/.test(index.text) ? Number(index.text) : null;
  return at === null ? unknownText(shown) : text(items[at] ?? []);
}

function itemsOf(variable: Variable | undefined): readonly Text[] | null {
  if (variable === undefined || variable.kind === 'opaque') return null;
  if (variable.kind === 'unset') return [];
  return variable.kind === 'scalar' ? [variable.text] : variable.items;
}

/** `${!NAME}`: the variable that NAME names. */
function indirect({ parameter, index, operation, text: shown }: ParameterExpansionPart, scope: Scope): Expansion {
  const named = scope.state.variables.get(parameter);
  const name = named?.kind === 'scalar' ? knownText(named.text) : null;
  const isName = name !== null && /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
  if (isName && index === undefined && operation === undefined)
    return variableText(scope.state.variables.get(name), undefined, shown);
  // Names with subscripts are evaluated, as are the substitutions in them.
  if (name !== null && !isName) scope.findings.refuse('unknown.expansion', `\`${shown.slice(0, 100)}\` cannot be read`);
  return { kind: 'anything' };
}

function operandsOf(operation: ParameterOperation): Word[] {
  const words: (Word | undefined)[] = [];
  if ('operand' in operation) words.push(operation.operand);
  if (operation.type === 'Replace') words.push(operation.pattern, operation.replacement);
  if (operation.type === 'Slice') words.push(operation.offset, operation.length);
  return words.filter((word) => word !== undefined);
}

const isPlain = ({ text: source, value, parts }: Word): boolean =>
  parts === undefined
    ? source === value
    : parts.every(
        (part) =>
          ['SimpleExpansion', 'ParameterExpansion', 'CommandExpansion', 'Glob'].includes(part.type) ||
          (part.type === 'Literal' && part.text === part.value),
      );

/** What stands in an operation is run, whether its value is used or not. */
const visitOperation = (operation: ParameterOperation | undefined, scope: Scope): Text[] =>
  operation === undefined ? [] : operandsOf(operation).map((word) => expandText(word, scope));

function operate(
  value: Expansion,
  operation: ParameterOperation,
  part: ParameterExpansionPart,
  scope: Scope,
): Expansion {
  const operands = visitOperation(operation, scope);
  const shown = part.text;
  // Quotes in an operand mean one thing inside quotes and another outside.
  if (!operandsOf(operation).every(isPlain)) return value.kind === 'text' ? unknownText(shown) : { kind: 'anything' };
  if (operation.type === 'Transform' && knownText(operands[0] ?? []) === 'P') refuse(scope, shown);
  if (operation.type === 'Default') return withDefault(value, operation.operator, operands[0] ?? [], part, scope);
  if (value.kind === 'list' || value.kind === 'joined' || value.kind === 'anything') return { kind: 'anything' };
  const known = value.kind === 'text' ? knownText(value.text) : null;
  const given = operands.map(knownText);
  const made = known === null || given.includes(null) ? null : compute(known, operation, given as string[]);
  return made === null ? unknownText(shown) : text([made]);
}

const refuse = ({ findings }: Scope, shown: string): void =>
  findings.refuse('unknown.expansion', `\`${shown.slice(0, 100)}\` runs what the value holds`);

function compute(known: string, operation: ParameterOperation, [first = '', second = '']: string[]): string | null {
  switch (operation.type) {
    case 'Remove':
      return remove(known, operation.operator, operation.operand, first);
    case 'Replace':
      return replace(known, operation.operator, operation.pattern, first, second);
    case 'Slice':
      return slice(known, first, operation.length === undefined ? null : second);
    case 'CaseModification':
      return operation.operand === undefined ? caseOf(known, operation.operator) : null;
    default:
      return null;
  }
}

/** `${X:-word}` and its like, where it is known whether X is set, and to what. */
function withDefault(
  value: Expansion,
  operator: string,
  word: Text,
  part: ParameterExpansionPart,
  scope: Scope,
): Expansion {
  const known = value.kind === 'text' ? knownText(value.text) : null;
  const variable = scope.state.variables.get(part.parameter);
  const isPlain = part.index === undefined && variable !== undefined && variable.kind !== 'opaque';
  if (operator.endsWith('=')) {
    if (!isPlain) assign(scope, part.parameter, opaque);
    else if (known === '') assign(scope, part.parameter, { kind: 'scalar', text: word });
  }
  if (known === null || !isPlain) return value.kind === 'text' ? unknownText(part.text) : { kind: 'anything' };
  // Without the colon only a variable that is not set counts as missing.
  const missing = operator.startsWith(':') ? known === '' : variable.kind === 'unset';
  if (operator.endsWith('+')) return text(missing ? [] : word);
  return missing ? text(word) : value;
}
