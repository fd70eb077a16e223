import { z } from 'zod';

/** Lower-case hex SHA-256. */
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 lower-case hex digits');
export type Sha256 = z.infer<typeof Sha256>;

/** A name that operators choose: safe to print inside a command line (design section 4). */
export const Name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/, 'expected 1 to 63 of A-Z a-z 0-9 _ . -');
export type Name = z.infer<typeof Name>;

/** A Temporal workflow id as Holdpoint mints it; only characters that are safe in a printed command. */
export const WorkflowId = z.string().regex(/^[A-Za-z0-9/_.-]{1,200}$/, 'expected 1 to 200 of A-Z a-z 0-9 / _ . -');
export const RunId = z.string().regex(/^[0-9a-f-]{36}$/, 'expected a Temporal run id');
/** 128 random bits or more, base64url: makes a digest or statement unguessable and single. */
export const Nonce = z.string().regex(/^[A-Za-z0-9_-]{22,86}$/, 'expected 22 to 86 base64url characters');
/** RFC 3339 in UTC with milliseconds, as `Date.prototype.toISOString` prints it: one spelling only. */
export const Instant = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, 'expected UTC time like 2026-01-31T09:30:00.000Z')
  .refine((text) => {
    const ms = Date.parse(text);
    return Number.isFinite(ms) && new Date(ms).toISOString() === text;
  }, 'expected a time that exists');
export const Base64Url = z.string().regex(/^[A-Za-z0-9_-]*$/, 'expected base64url without padding');

/** Outside text, bounded: data for people and models to read, never an instruction or a key. */
export const text = (charsMax: number) => z.string().max(charsMax);

export type JsonValue = null | boolean | number | string | JsonArray | JsonObject;
export type JsonArray = readonly JsonValue[];
export type JsonObject = { readonly [key: string]: JsonValue };

/** JSON of bounded depth: RFC 8785 needs finite numbers and well-formed strings (no lone surrogates). */
const jsonAtDepth = (depth: number): z.ZodType<JsonValue> => {
  // What is most often there is tried first: every call is parsed before it is judged.
  const scalars = [
    z.string().max(65_536).refine(isWellFormed, 'expected well-formed Unicode'),
    z.number(),
    z.boolean(),
    z.null(),
  ] as const;
  if (depth === 0) return z.union(scalars);
  const inner = z.lazy(() => jsonAtDepth(depth - 1));
  const [string, ...others] = scalars;
  return z.union([string, z.record(z.string().max(256), inner), ...others, z.array(inner).max(2_000)]);
};
/** Whether a text has bytes: no half of a surrogate pair stands alone in it. */
export const isWellFormed = (value: string): boolean =>
  !/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.test(value);
export const JsonValue = jsonAtDepth(8);
export const JsonObject: z.ZodType<JsonObject> = z.record(z.string().max(256), jsonAtDepth(7));
