import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { JsonObject, JsonValue } from '../../contracts/values.ts';
import { deep } from '../support/deep.ts';

/** The same bounds said as a schema: what the walk over a value has to agree with. */
const asSchema = (depth: number): z.ZodType => {
  // A `max` is also asked about an object that has a `length`, and throws on one that is no number.
  const wellFormed = z.string().refine((text) => text.length <= 65_536 && text.isWellFormed());
  const scalars = [wellFormed, z.number(), z.boolean(), z.null()] as const;
  if (depth === 0) return z.union(scalars);
  const inner = z.lazy(() => asSchema(depth - 1));
  return z.union([
    ...scalars,
    z.record(z.string().max(256), inner),
    z.array(inner).refine((items) => items.length <= 2_000),
  ]);
};
const valueAsSchema = asSchema(8);
const objectAsSchema = z.record(z.string().max(256), asSchema(7));

const numRuns = deep ? 200_000 : 2_000;
const nested = (levels: number, wrap: (inner: unknown) => unknown): unknown =>
  levels === 0 ? 'leaf' : wrap(nested(levels - 1, wrap));
const trickName = fc.constantFrom(
  ...['constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', 'length', '0', '-1', ''],
);
const name = fc.oneof(trickName, fc.string({ unit: 'binary', maxLength: 6 }), fc.constantFrom('x'.repeat(256)));
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.constantFrom('\ud800', 'a\udc00', '\ud83d\ude00', '\udc00\ud800', 'x'.repeat(65_536), 'x'.repeat(65_537)),
);
const oddities = fc.constantFrom<unknown>(
  ...[undefined, Number.NaN, Number.POSITIVE_INFINITY, -0, 1n, Symbol('s'), () => 1, new Date(0), new Map([['a', 1]])],
  ...[/x/, new Error('e'), Object.create(null), new (class Thing {})(), Array(3), Array(2_000).fill(1)],
  ...[Array(2_001).fill(1), { ['x'.repeat(257)]: 1 }, { [Symbol('s')]: 1 }, new String('boxed'), new Uint8Array(2)],
);
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'large', withCrossShrink: true },
    fc.oneof(text, fc.double(), fc.boolean(), fc.constant(null), oddities),
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(name, tie('tree'), { maxKeys: 4 }),
  ),
}));
const deepValue = fc
  .tuple(fc.integer({ min: 0, max: 10 }), fc.boolean())
  .map(([levels, isList]) => nested(levels, (inner) => (isList ? [inner] : { inner })));
const anything = fc.oneof({ weight: 4, arbitrary: tree }, { weight: 1, arbitrary: deepValue });

describe('JSON within bounds', () => {
  it.each<[string, z.ZodType, z.ZodType]>([
    ['a value', JsonValue, valueAsSchema],
    ['an object', JsonObject, objectAsSchema],
  ])('is what the schema of the same bounds takes, and comes out the same: %s', (_what, walked, schema) => {
    let taken = 0;
    fc.assert(
      fc.property(anything, (value) => {
        const ours = walked.safeParse(value);
        const theirs = schema.safeParse(value);
        expect(ours.success).toBe(theirs.success);
        if (!ours.success) return;
        taken++;
        expect(isDeepStrictEqual(ours.data, theirs.data)).toBe(true);
      }),
      { numRuns },
    );
    expect(taken).toBeGreaterThan(numRuns / 10);
  });

  it.each([7, 8])('refuses an object of more levels than it may have: %i', (levels) => {
    const object = nested(levels, (inner) => ({ inner }));
    expect(JsonValue.safeParse(object).success).toBe(true);
    expect(JsonValue.safeParse([object]).success).toBe(levels < 8);
    expect(JsonObject.safeParse({ object }).success).toBe(levels < 8);
  });

  it('refuses an own `__proto__` wherever it stands, and never takes one over', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'b'), { maxLength: 6 }), fc.jsonValue(), (path, value) => {
        const innermost: unknown = JSON.parse(`{"__proto__": ${JSON.stringify(value)}}`);
        const object = path.reduce<unknown>((inner, step) => ({ [step]: inner }), innermost);
        expect(JsonObject.safeParse(object).success).toBe(false);
        expect(JsonValue.safeParse([object]).success).toBe(false);
      }),
    );
  });

  it('hands out a copy: what is changed afterwards, or read twice, changes nothing', () => {
    let reads = 0;
    const list = [1];
    const value = {
      list,
      get moving() {
        reads += 1;
        return reads;
      },
    };
    const copy = JsonObject.parse(value);
    list.push(2);
    expect(copy).toStrictEqual({ list: [1], moving: 1 });
    expect(reads).toBe(1);
  });

  it('ends on what contains itself', () => {
    const loop: Record<string, unknown> = {};
    loop.again = loop;
    expect(JsonObject.safeParse(loop).success).toBe(false);
  });

  it('says where it stops to be JSON, inside a list too', () => {
    const found = z.strictObject({ args: JsonObject }).safeParse({ args: { a: [{ b: Number.NaN }] } });
    expect(found.error?.issues).toMatchObject([{ path: ['args', 'a', 0, 'b'], message: 'expected a finite number' }]);
  });

  it.each([undefined, null, [], 'text', 1])('refuses %s for an object', (value) => {
    expect(JsonObject.safeParse(value).success).toBe(false);
    expect(z.strictObject({ args: JsonObject }).safeParse(value === undefined ? {} : { args: value }).success).toBe(
      false,
    );
  });
});
