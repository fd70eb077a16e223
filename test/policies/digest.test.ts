import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CarriedAction } from '../../contracts/action.ts';
import { bindAction, digestOf, jcs, sha256Hex } from '../../policies/digest.ts';
import { rulesOf } from './support/rules.ts';
import { actionOf } from './support/statements.ts';

describe('jcs', () => {
  // The examples of RFC 8785, sections 3.2.2 and 3.2.3.
  it('is the canonical form of RFC 8785', () => {
    expect(
      jcs({
        numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
        string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/',
        literals: [null, true, false],
      }),
    ).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
    const names = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 };
    expect(Object.keys(JSON.parse(jcs(names)))).toHaveLength(7);
    expect([...jcs(names).matchAll(/:(\d)/g)].map((match) => match[1]).join('')).toBe('2467153');
  });

  it('does not depend on the order of properties, and survives a JSON round trip', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const copy: unknown = JSON.parse(JSON.stringify(value));
        expect(jcs(copy)).toBe(jcs(value));
        expect(jcs(reversed(copy))).toBe(jcs(value));
        expect(JSON.parse(jcs(value))).toEqual(copy);
      }),
    );
  });

  it('differs for different values', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const same = isDeepStrictEqual(JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b)));
        expect(digestOf(a) === digestOf(b)).toBe(same);
      }),
    );
  });

  it('keeps a property named __proto__ apart from none', () => {
    const odd: unknown = JSON.parse('{"__proto__":{"ring":2}}');
    expect(jcs(odd)).toBe('{"__proto__":{"ring":2}}');
    expect(digestOf(odd)).not.toBe(digestOf({}));
  });

  it('leaves out a property that is undefined, as JSON does', () => {
    expect(jcs({ a: 1, b: undefined })).toBe('{"a":1}');
  });

  it('takes a plain object of another realm, as the workflow sandbox has them', () => {
    expect(jcs(runInNewContext('({ b: [1, { c: null }], a: "x" })'))).toBe('{"a":"x","b":[1,{"c":null}]}');
  });

  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)]);
  const notJson: Record<string, unknown> = {
    undefined: undefined,
    NaN: Number.NaN,
    Infinity: [Number.NEGATIVE_INFINITY],
    'a BigInt': { a: 1n },
    'a function': { a: () => 1 },
    'a symbol': { a: Symbol('a') },
    'undefined in a list': [1, undefined],
    'a hole in a list': new Array(2),
    'a Map, which would be {}': new Map([['a', 1]]),
    'a Set': { a: new Set([1]) },
    'a Date': new Date(0),
    'a Buffer': Buffer.from('x'),
    'an instance': new (class {
      ring = 2;
    })(),
    'an object that says how it wants to be seen': { toJSON: () => ({}) },
    'a lone surrogate': '\uD800',
    'a lone surrogate in a key': { '\uDC00': 1 },
    'surrogates the wrong way round': ['\uDC00\uD800'],
    'a cycle': cycle,
    'a tower': deep(65),
    'a tower that would exhaust the stack': deep(5_000),
  };
  it.each(Object.keys(notJson))('throws TypeError for %s', (what) => {
    expect(() => jcs(notJson[what])).toThrow(TypeError);
  });
});

describe('sha256Hex', () => {
  it('is the SHA-256 of the bytes, or of the UTF-8 form', () => {
    expect(sha256Hex('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    fc.assert(
      fc.property(fc.uint8Array(), fc.string({ unit: 'grapheme' }), (bytes, text) => {
        expect(sha256Hex(bytes)).toBe(createHash('sha256').update(bytes).digest('hex'));
        expect(sha256Hex(text)).toBe(createHash('sha256').update(text, 'utf8').digest('hex'));
      }),
    );
  });

  it('throws for a lone surrogate, which would share its hash with U+FFFD', () => {
    for (const text of ['\uD800', 'x\uDFFF', '\uDC00\uD800']) expect(() => sha256Hex(text)).toThrow(TypeError);
    expect(sha256Hex('\uD83D\uDE00')).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('bindAction', () => {
  const { namespace, workflowId, runId, ...carried } = actionOf(rulesOf());
  const place = { namespace, workflowId, runId };

  it('gives an action the place where the caller stands', () => {
    expect(bindAction(CarriedAction.parse(carried), place)).toEqual({ ...carried, ...place });
  });

  it('never takes the place that a message names', () => {
    const claimed = { ...carried, namespace: 'theirs', workflowId: 'theirs', runId: 'theirs' };
    expect(bindAction(claimed, place)).toEqual({ ...carried, ...place });
  });

  it('gives every run its own digest', () => {
    const other = bindAction(carried, { ...place, runId: runId.replace('0', '1') });
    expect(digestOf(other)).not.toBe(digestOf(bindAction(carried, place)));
  });
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, reversed(inner)]),
  );
}
