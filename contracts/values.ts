import { z } from 'zod';
import { copyJson, copyObject, NotJson } from './copy-json.ts';

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

/** Whether a text has bytes: no half of a surrogate pair stands alone in it. */
export const isWellFormed = (value: string): boolean => value.isWellFormed();

/** A schema of what `copy` takes; what it throws is said at the place that it names. */
const copied = <T extends JsonValue>(copy: (value: unknown) => T): z.ZodType<T> =>
  z.unknown().transform((value, context) => {
    try {
      return copy(value);
    } catch (error) {
      if (!(error instanceof NotJson)) throw error;
      context.addIssue({ code: 'custom', message: error.message, path: error.path });
      return z.NEVER;
    }
  });
/** JSON of bounded depth, lengths and names. What comes out is a copy. */
export const JsonValue = copied((value): JsonValue => copyJson(value, 8));
export const JsonObject = copied((value): JsonObject => copyObject(value, 7));
