import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogRecord } from '../../contracts/record.ts';
import { receiptOf } from '../../gateway/console/receipt.ts';
import { action, cardOf } from '../cli/a-card.ts';

const asked = Date.parse('2026-01-31T10:00:00.000Z');
const acknowledged = asked + 120;
const iso = (ms: number): string => new Date(ms).toISOString();
const workflowId = action.workflowId;
const runbook = action.runbook.id;
const stop = { scope: { kind: 'all' } as const, askedAtMs: asked, acknowledgedAtMs: acknowledged };
let seq = 0;
const record = (at: number, body: object): LogRecord =>
  ({ v: 1, seq: seq++, prev: '0'.repeat(64), at: iso(at), by: 'recorder', body }) as unknown as LogRecord;
const intent = (digest: string, at: number): LogRecord =>
  record(at, { kind: 'intent', workflowId, digest, attempt: 1, issuedAt: iso(at), request: { action } });
const outcome = (digest: string, startedAt: number | null, endedAt: number, status = 'done'): LogRecord =>
  record(endedAt, {
    ...{ kind: 'outcome', digest, attempt: 1, status, why: 'why' },
    outcome: { payload: { startedAt: startedAt === null ? null : iso(startedAt), endedAt: iso(endedAt), detail: 'd' } },
  });

describe('the receipt of a stop', () => {
  it('names an effect that began after the acknowledgement, however it was admitted', () => {
    const log = [intent('a', asked - 500), outcome('a', acknowledged + 1, acknowledged + 40)];
    expect(receiptOf(log, stop).begunAfter.map(({ digest }) => digest)).toEqual(['a']);
    expect(receiptOf(log, stop).lastBegunBefore).toBeNull();
  });

  it('is not final while an effect that was admitted has no outcome', () => {
    const { open, inFlight, begunAfter } = receiptOf([intent('a', asked - 500)], stop);
    expect([open, inFlight.map(({ status }) => status), begunAfter]).toEqual([1, ['in flight'], []]);
  });

  it('tells what was in flight from what had ended, and the last that began', () => {
    const log = [
      ...[intent('old', asked - 60_000), outcome('old', asked - 59_000, asked - 58_000)],
      ...[intent('ran', asked - 900), outcome('ran', asked - 800, acknowledged + 5_000)],
    ];
    const { inFlight, lastBegunBefore, begunAfter } = receiptOf(log, stop);
    expect(inFlight.map(({ digest }) => digest)).toEqual(['ran']);
    expect([lastBegunBefore?.digest, begunAfter]).toEqual(['ran', []]);
  });

  it('takes no word for the beginning of an effect but the executor’s own', () => {
    const silent = record(acknowledged, {
      kind: 'outcome',
      digest: 'a',
      attempt: 1,
      status: 'unknown',
      why: 'w',
      outcome: null,
    });
    const { unknown, lastBegunBefore, open } = receiptOf([intent('a', asked - 500), silent], stop);
    expect([unknown, lastBegunBefore, open]).toEqual([1, null, 0]);
  });

  it('leaves out what is of another scope', () => {
    const log = [intent('a', asked - 500)];
    const open = (scope: Parameters<typeof receiptOf>[1]['scope']) => receiptOf(log, { ...stop, scope }).open;
    expect(open({ kind: 'runbook', runbook: `${runbook}-2` })).toBe(0);
    expect(open({ kind: 'incident', workflowId: `${workflowId}x` })).toBe(0);
    expect([open({ kind: 'runbook', runbook }), open({ kind: 'incident', workflowId })]).toEqual([1, 1]);
  });

  it('counts every effect that began on one side of the acknowledgement or the other', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -5_000, max: 5_000 }), { maxLength: 20 }), (begins) => {
        const log = begins.flatMap((ms, at) => [
          intent(`${at}`, acknowledged + ms - 10),
          outcome(`${at}`, acknowledged + ms, acknowledged + ms + 10),
        ]);
        const { begunAfter, lastBegunBefore } = receiptOf(log, stop);
        const before = begins.filter((ms) => ms <= 0);
        expect(begunAfter.length).toBe(begins.length - before.length);
        expect(lastBegunBefore === null).toBe(before.length === 0);
        if (before.length > 0) expect(lastBegunBefore?.begunAt).toBe(iso(acknowledged + Math.max(...before)));
      }),
    );
  });

  it('names the record of this stop, and not that of an earlier one or another scope', () => {
    const killed = (at: number, scope: string) =>
      record(at, { kind: 'kill', scope, fenceRunId: null, how: 'cancelled', reason: 'r' });
    const log = [killed(asked - 60_000, 'fence/all'), killed(asked + 10, `fence/runbook/${runbook}`)];
    expect(receiptOf(log, stop).recorded).toBeNull();
    expect(receiptOf([...log, killed(asked + 300, 'fence/all')], stop).recorded?.at).toBe(iso(asked + 300));
  });

  it('is about calls as the log has them', () => {
    expect(receiptOf([intent(cardOf().digest, asked)], stop).inFlight[0]).toMatchObject({ tool: action.tool, runbook });
  });
});
