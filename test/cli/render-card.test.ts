import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { render } from '../../cli/demo/screen.ts';
import { coloursFor } from '../../cli/shell/io.ts';
import { renderCard } from '../../cli/statements/render-card.ts';
import { timeLeft } from '../../gateway/shown/hold-words.ts';
import { whyLines } from '../../policies/visible.ts';
import { cardOf, executor, predictionOf } from './a-card.ts';

const plain = coloursFor(false, {});
const now = Date.parse('2026-01-31T09:40:30.000Z');
const lines = (card = cardOf()): string => renderCard(card, now, plain).join('\n');
/** Controls but the newlines between our own lines, bidi marks, zero-width and invisible characters. */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
const isSafe = (text: string): boolean => text.split('\n').every((line) => !unseen.test(line));

describe('a rendered card', () => {
  it('shows the whole action: what, to what, on which condition, how far, how to undo, who, until when, which', () => {
    const text = lines();
    for (const part of [
      'end session 42 of database payments',
      'session 42 of user payments_app',
      'postgres.terminateBackend',
      'high risk',
      'backend/42/1',
      'pid = 42',
      'backendStart = 2026-01-31 09:00:00+00',
      'exactly this one session',
      'cannot be undone',
      '1 of oncall, leads',
      '4 min 30 s left',
      'application = nightly-report',
      cardOf().digest,
      cardOf().action.runId,
      cardOf().action.workflowId,
    ])
      expect(text).toContain(part);
  });

  it("labels the reason as the model's own words", () => {
    expect(lines()).toContain("this session is the one root of the lock queue (the model's own words, not checked)");
  });

  it('spells out ANSI, bidi, zero-width and newline tricks wherever text came from outside', () => {
    const hostile = '\u001b[2K\u001b[1A\u202Edesrever\u200b\n  digest     0000 released\u2028';
    const entity = {
      kind: 'backend',
      id: 'backend/42/1',
      attributes: { application: hostile, [hostile.slice(0, 20)]: 1 },
    };
    const text = lines(
      cardOf({
        why: hostile,
        runbookTitle: hostile,
        inverse: { tool: null, note: hostile },
        groups: [hostile],
        prediction: executor.sign('prediction', predictionOf({ does: hostile, target: hostile, changes: [hostile] })),
        provenance: { ...cardOf().provenance, tool: hostile, entity },
      }),
    );
    expect(isSafe(text)).toBe(true);
    expect(text).toContain('\\u{202E}');
    expect(text.split('\n')).toHaveLength(lines().split('\n').length + whyLines(hostile).length - 1);
  });

  it('lets no text, whatever it is, add an unseen character, or a line that does not say whose words it is', () => {
    const height = lines().split('\n').length;
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (why) => {
        const text = lines(cardOf({ why }));
        expect(isSafe(text)).toBe(true);
        expect(text.split('\n')).toHaveLength(height + whyLines(why).length - 1);
        const own = text.split('\n').filter((line) => line.endsWith("(the model's own words, not checked)"));
        expect(own).toHaveLength(whyLines(why).length);
      }),
      { numRuns: 40 },
    );
  });

  it('says how much time is left, and when none is', () => {
    expect(timeLeft('2026-01-31T09:40:31.000Z', now)).toBe('1 s left');
    expect(timeLeft('2026-01-31T13:40:30.000Z', now)).toBe('4 h 0 min left');
    expect(timeLeft('2026-01-31T09:40:30.000Z', now)).toBe('expired');
  });
});

describe("the demo's screen", () => {
  it('shows the hijacked turn as such, with the rule that denied it', () => {
    const text = render(
      {
        event: 'denied',
        kind: 'deny',
        tool: 'postgres.query',
        args: '{"sql":"DROP TABLE payments"}',
        label: 'deliberately hijacked reasoner',
        rule: 'floor.drop-table',
        reason: 'DROP TABLE is never allowed',
      },
      now,
      plain,
    ).join('\n');
    expect(text).toContain('denied');
    expect(text).toContain('floor.drop-table');
    expect(text).toContain('deliberately hijacked reasoner: it changed nothing');
  });

  it('shows a held card with the exact commands that release it', () => {
    const commands = ['npx holdpoint approve a b', 'temporal workflow signal -w a --name approve'];
    const text = render(
      { event: 'held', card: cardOf(), cardDigest: 'c'.repeat(64), commands, key: '/home/ann/key' },
      now,
      plain,
    ).join('\n');
    for (const command of commands) expect(text).toContain(`$ ${command}`);
  });

  it('shows a failure with the last lines of the process that failed, made safe to look at', () => {
    const event = {
      event: 'failed' as const,
      what: 'recorder ended unasked (SIGKILL)',
      process: 'recorder',
      lastLines: ['{"msg":"\u001b[31mlast words"}'],
      logs: '/tmp/x/logs',
    };
    const text = render(event, now, plain).join('\n');
    expect(isSafe(text)).toBe(true);
    for (const part of ['recorder ended unasked', 'last words', '/tmp/x/logs']) expect(text).toContain(part);
  });

  it('never says resolved when a part of it is not', () => {
    const result = {
      event: 'result',
      resolved: true,
      verified: true,
      tableWhole: false,
      seconds: 30,
      archive: null,
    } as const;
    expect(render({ ...result, ok: false }, now, plain).join('\n')).toContain('NOT RESOLVED');
  });
});
