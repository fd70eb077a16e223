import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { validateDraft } from '../../activities/reason/validate-draft.ts';
import { ToolCall } from '../../contracts/action.ts';
import { whyLines, whyLinesMax } from '../../policies/visible.ts';

const hash = 'a'.repeat(64);
const result = { tool: 'postgres.locks' } as never;
const shown = { callsMax: 4, evidence: [{ hash, result }] };
const saying = (why: unknown, hypotheses?: unknown) =>
  validateDraft(
    {
      calls: [
        {
          tool: 'postgres.activity',
          args: { database: 'payments' },
          why,
          ...(hypotheses === undefined ? {} : { hypotheses }),
        },
      ],
      conclusion: null,
    },
    shown,
  );
const claim = (evidence: unknown, said = 'it is stuck') => ({ claim: said, evidence });

describe('why, in the words of a model', () => {
  it('is three lines at most, well-formed and within bounds, whatever is said', () => {
    const words = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 1_000 }),
      fc.string({ maxLength: 240 }).map((text) => `${text}\n\n${text}\r\u2028end`),
    );
    fc.assert(
      fc.property(words, fc.array(words, { maxLength: 2 }), (why, claims) => {
        const { calls } = saying(
          why,
          claims.map((text) => claim([hash, hash, hash, hash], text)),
        );
        for (const call of calls) {
          expect(ToolCall.safeParse(call).success).toBe(true);
          expect(call.why.split('\n').length).toBe(1 + claims.length);
          expect(call.why).not.toMatch(/[\r\u2028\u202e\u200b]/);
        }
      }),
    );
  });

  it('is shown whole in as many lines as it may have, also when it has more', () => {
    expect(whyLines('')).toEqual(['']);
    expect(whyLines('a')).toEqual(['a']);
    expect(whyLines('a\nb\nc')).toEqual(['a', 'b', 'c']);
    expect(whyLines('a\nb\nc\nd')).toEqual(['a', 'b', 'c\nd']);
    expect(whyLines('x\n'.repeat(50))).toHaveLength(whyLinesMax);
  });

  it('names a result by its tool, and says where none is named', () => {
    expect(saying('look', [claim([hash]), claim([])]).calls[0]?.why).toBe(
      `look\nit is stuck [postgres.locks ${hash.slice(0, 8)}]\nit is stuck [no result named]`,
    );
  });

  it.each([
    ['names a result that was not shown', [claim(['b'.repeat(64)])], 'hashes of results that were shown'],
    ['names no hash', [claim(['the locks'])], 'hypotheses.0.evidence.0'],
    ['has a field of its own', [{ ...claim([]), certain: true }], 'certain'],
    ['is empty', [claim([], '')], 'hypotheses.0.claim'],
    ['is one of too many', [claim([]), claim([]), claim([])], 'hypotheses'],
  ])('is refused with its call when a hypothesis %s', (_what, hypotheses, issue) => {
    const { calls, issues } = saying('look', hypotheses);
    expect(calls).toEqual([]);
    expect(issues[0]).toContain(issue);
  });
});
