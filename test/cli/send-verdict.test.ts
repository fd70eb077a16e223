import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { fetchCardText } from '../../cli/connect/recorder-doors.ts';
import { newStatement } from '../../cli/statements/new-statement.ts';
import { effectOf } from '../../cli/statements/send-verdict.ts';
import { codeOf } from '../../contracts/errors.ts';

const digest = 'd'.repeat(64);
const act = { subject: { type: 'action', digest }, cardDigest: 'c'.repeat(64), reason: '', person: 'ann' } as const;
const approval = newStatement({ ...act, verdict: 'approve' }, 0);
const rejection = newStatement({ ...act, verdict: 'reject' }, 0);
const entry = (what: string, detail: string) => ({ at: '2026-01-31T09:30:00.000Z', what, detail });
const hold = { digest };

describe('what became of a statement', () => {
  it('is unknown while nothing new tells', () => {
    expect(effectOf([], hold, approval)).toBeNull();
    expect(effectOf([], undefined, approval)).toBeNull();
  });

  it('counted only when this very person is named', () => {
    expect(effectOf([entry('approved', 'ann (1 of 2)')], hold, approval)).toMatchObject({ kind: 'counted', end: null });
    expect(effectOf([entry('approved', 'ann.b (1 of 2)')], hold, approval)).toBeNull();
  });

  it('counted, and tells how the write ended, whether it was done or not', () => {
    const released = [entry('approved', 'ann (1 of 1)'), entry('released', 'ann')];
    expect(effectOf([...released, entry('executed', 'postgres.x: done')], undefined, approval)).toMatchObject({
      end: 'executed',
    });
    expect(effectOf([...released, entry('moved', 'postgres.x: gone')], undefined, approval)).toMatchObject({
      end: 'moved',
    });
  });

  it('was refused, with the code', () => {
    const refused = entry('refused', 'approve signal: STATEMENT_BAD_PROOF: no key of `ann` made this signature');
    expect(effectOf([refused], hold, approval)).toMatchObject({ kind: 'refused', code: 'STATEMENT_BAD_PROOF' });
  });

  it('came too late when somebody rejected, or nobody decided in time', () => {
    expect(effectOf([entry('rejected', 'postgres.x: personB')], undefined, approval)).toMatchObject({
      code: 'REJECTED',
    });
    expect(effectOf([entry('expired', 'postgres.x: silence')], undefined, approval)).toMatchObject({
      code: 'HOLD_EXPIRED',
    });
  });

  it('of a rejection is the rejected hold', () => {
    expect(effectOf([entry('rejected', 'postgres.x: ann')], undefined, rejection)).toMatchObject({
      kind: 'counted',
      end: 'rejected',
    });
  });
});

describe('the door to a card', () => {
  const answering = async (status: number, body: string, ask: (url: string) => Promise<unknown>): Promise<void> => {
    const server = createServer((_request, reply) => void reply.writeHead(status).end(body)).listen(0, '127.0.0.1');
    await new Promise((ready) => server.once('listening', ready));
    try {
      await ask(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    } finally {
      server.close();
    }
  };
  const codeFrom = (url: string): Promise<string> => fetchCardText(url, digest).then(() => 'answered', codeOf);

  it("gives the recorder's own code for a card that it does not know", async () => {
    const body = JSON.stringify({ error: { code: 'NOT_FOUND', message: 'the log holds no card with this digest' } });
    await answering(404, body, async (url) => expect(await codeFrom(url)).toBe('NOT_FOUND'));
  });

  it('is away when nobody listens, when it fails, and when what answers is no recorder', async () => {
    expect(await codeFrom('http://127.0.0.1:1')).toBe('RECORDER_AWAY');
    await answering(500, 'oops', async (url) => expect(await codeFrom(url)).toBe('RECORDER_AWAY'));
    await answering(418, '<html>', async (url) => expect(await codeFrom(url)).toBe('RECORDER_AWAY'));
  });
});
