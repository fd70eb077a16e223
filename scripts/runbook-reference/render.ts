import { z } from 'zod';
import { Runbook } from '../../contracts/runbook.ts';

/** JSON Schema, as far as the schema of runbooks uses it. */
type Schema = {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | false;
};
export type Field = {
  readonly path: string;
  readonly takes: string;
  readonly without: string;
  readonly meaning: string;
};

/** Forms that stand in several places, and what each is called on the page. */
const parts = {
  Condition: 'condition',
  EntityTest: 'entity test',
  AttributeTest: 'attribute test',
  Call: 'call',
} as const;
type Part = keyof typeof parts;

/** Every field of a runbook, and of each form, as its schema has it. */
export function referenceFields(): ReadonlyMap<string, readonly Field[]> {
  const schema = z.toJSONSchema(Runbook, { io: 'input' }) as Schema;
  const defs = schema.$defs ?? {};
  const tables: [string, readonly Field[]][] = [['runbook', fieldsOf(schema, '')]];
  for (const [name, title] of Object.entries(parts))
    tables.push([title, fieldsOf(resolve(defs, defs[name] ?? {}), '')]);
  return new Map(tables);
}

/** The reference section of `docs/runbooks.md`. */
export function renderReference(): string {
  return [...referenceFields()]
    .map(([title, fields]) => {
      const rows = fields.map(
        ({ path, takes, without, meaning }) => `| \`${path}\` | ${takes} | ${without} | ${meaning} |`,
      );
      return [`### A ${title}`, '', '| field | takes | without it | meaning |', '|---|---|---|---|', ...rows].join(
        '\n',
      );
    })
    .join('\n\n')
    .replace('### A entity', '### An entity')
    .replace('### A attribute', '### An attribute');
}

/** A form that refers to another one only by name, as a recursive form does. */
function resolve(defs: Readonly<Record<string, Schema>>, schema: Schema): Schema {
  const to = schema.$ref === undefined ? undefined : defs[nameOf(schema.$ref)];
  return to === undefined ? schema : resolve(defs, to);
}
const nameOf = (ref: string): string => ref.replace('#/$defs/', '');

/** The fields inside a form, at any depth, in the order of the schema. A union's forms stand one after the other, each field once. */
function fieldsOf(schema: Schema, above: string): readonly Field[] {
  const inner = schema.type === 'array' ? (schema.items ?? {}) : schema;
  const path = schema.type === 'array' ? `${above}[]` : above;
  const own = Object.entries(inner.properties ?? {}).flatMap(([name, field]) => {
    const at = path === '' ? name : `${path}.${name}`;
    const isRequired = inner.required?.includes(name) === true;
    const without = isRequired ? 'refused' : withoutIt(field);
    return [{ path: at, takes: takes(field), without, meaning: cell(field.description ?? '') }, ...fieldsOf(field, at)];
  });
  const forms = (inner.anyOf ?? []).flatMap((form) =>
    fieldsOf(form, path).map((field) => ({ ...field, without: '–' })),
  );
  const seen = new Set<string>();
  return [...own, ...forms].filter(({ path: at }) => seen.size !== seen.add(at).size);
}

function withoutIt({ default: value, properties }: Schema): string {
  if (value === undefined) return '–';
  return properties === undefined ? `\`${JSON.stringify(value)}\`` : 'as below';
}

/** What a field takes, with its bounds. */
function takes(schema: Schema): string {
  const { type, pattern, minimum, maximum, items, additionalProperties } = schema;
  if (schema.$ref !== undefined) return parts[nameOf(schema.$ref) as Part] ?? nameOf(schema.$ref);
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(' or ');
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(takes))].join(' or ');
  switch (type) {
    case 'string':
      return pattern === undefined
        ? `text${range(schema.minLength, schema.maxLength, ' characters')}`
        : `\`${cell(pattern)}\``;
    case 'array':
      return `list${range(schema.minItems, schema.maxItems)} of ${takes(items ?? {})}`;
    case 'object':
      return typeof additionalProperties === 'object'
        ? `names, each with ${takes(additionalProperties)}`
        : 'the fields below';
    case 'boolean':
      return 'true or false';
    default:
      return `${type === 'integer' ? 'whole number' : (type ?? 'anything')}${range(minimum, maximum)}`;
  }
}

function range(min: number | undefined, max: number | undefined, unit = ''): string {
  if (max === undefined) return min === undefined ? '' : ` (at least ${min}${unit})`;
  return min === undefined ? ` (at most ${max}${unit})` : ` (${min} to ${max}${unit})`;
}

const cell = (text: string): string => text.replaceAll('|', '\\|');
