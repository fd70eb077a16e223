import { type Field, grammar } from './grammar.ts';
import { nameChecks, type Refusal } from './names.ts';

const depthMax = 100;

/** Fields that turn a SELECT into something else; named so that the refusal says what it saw. */
const effects: ReadonlyMap<string, string> = new Map([
  ['SelectStmt.intoClause', 'SELECT INTO makes a table'],
  ['SelectStmt.lockingClause', 'a locking clause takes row locks'],
]);

/** The first thing in a tagged node that is on no list; null when every node, field and name in it is. */
export function refusalOf(node: unknown, depth = 0): Refusal | null {
  if (!isObject(node)) return unlisted('expected a node');
  const [tag, ...others] = Object.keys(node);
  if (tag === undefined || others.length > 0) return unlisted('expected one node');
  return refusalOfShape(tag, node[tag], depth);
}

function refusalOfShape(tag: string, node: unknown, depth: number): Refusal | null {
  if (depth > depthMax) return unlisted(`expected at most ${depthMax} levels`);
  const shape = grammar.get(tag);
  if (shape === undefined)
    return tag.endsWith('Stmt') ? notRead(`\`${tag}\` is no SELECT`) : unlisted(`\`${tag}\` is not on the allow-list`);
  if (!isObject(node)) return unlisted(`expected a \`${tag}\``);
  for (const [name, value] of Object.entries(node)) {
    const effect = effects.get(`${tag}.${name}`);
    if (effect !== undefined) return notRead(effect);
    const field = Object.hasOwn(shape, name) ? shape[name] : undefined;
    if (field === undefined) return unlisted(`\`${tag}.${name}\` is not on the allow-list`);
    const refused = refusalOfField(field, value, depth + 1);
    if (refused !== null) return refused;
  }
  return nameChecks.get(tag)?.(node) ?? null;
}

function refusalOfField(field: Field, value: unknown, depth: number): Refusal | null {
  if (typeof field === 'object') return refusalOfShape(field.shape, value, depth);
  switch (field) {
    case 'scalar':
      return isScalar(value) ? null : unlisted('expected a scalar');
    case 'constant':
      return isObject(value) && Object.values(value).every(isScalar) ? null : unlisted('expected a constant');
    case 'node':
      return refusalOf(value, depth);
    case 'nodes':
      return refusalOfList(value, depth, false);
    case 'blank-nodes':
      return refusalOfList(value, depth, true);
  }
}

function refusalOfList(list: unknown, depth: number, blanks: boolean): Refusal | null {
  if (!Array.isArray(list)) return unlisted('expected a list');
  for (const item of list) {
    const blank = isObject(item) && Object.keys(item).length === 0;
    const refused = blank && blanks ? null : refusalOf(item, depth);
    if (refused !== null) return refused;
  }
  return null;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isScalar = (value: unknown): boolean => typeof value !== 'object' || value === null;
const unlisted = (reason: string): Refusal => ({ rule: 'floor.syntax-not-listed', reason });
const notRead = (reason: string): Refusal => ({ rule: 'floor.not-a-read', reason });
