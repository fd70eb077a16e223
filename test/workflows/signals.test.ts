import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { alertSignal, approveSignal, noteSignal, pendingQuery, rejectSignal } from '../../workflows/messages.ts';
import { describeWith } from '../support/skips.ts';
import { concluded, limits, statementOf } from './stage.ts';
import { eventually, type Incident, openTheatre, type Theatre } from './theatre.ts';

type Payload = { readonly metadata?: Record<string, Uint8Array>; readonly data?: Uint8Array };
const bytes = (text: string) => Buffer.from(text, 'utf8');

describeWith('temporal', 'a bad signal', () => {
  let theatre: Theatre;
  beforeAll(async () => {
    theatre = await openTheatre();
  });
  afterAll(() => theatre.close());

  /** As any client may send it: payloads that no SDK would make. */
  const sendRaw = (handle: Incident, signalName: string, payloads: Payload[]) =>
    theatre.client.workflowService.signalWorkflowExecution({
      namespace: theatre.namespace,
      workflowExecution: { workflowId: handle.workflowId },
      signalName,
      input: { payloads },
      requestId: randomBytes(8).toString('hex'),
    });
  const stillReleasable = async (handle: Incident, digest: string) => {
    await handle.signal(approveSignal, statementOf(digest));
    expect(await handle.result()).toBe('recovered');
  };

  const garbage: readonly (readonly [string, Payload[]])[] = [
    ['no argument', []],
    ['an empty payload', [{}]],
    ['an unknown encoding', [{ metadata: { encoding: bytes('binary/encrypted') }, data: randomBytes(64) }]],
    ['broken JSON', [{ metadata: { encoding: bytes('json/plain') }, data: bytes('{"statement":') }]],
    ['bytes that are no text', [{ metadata: { encoding: bytes('json/plain') }, data: randomBytes(512) }]],
    [
      'a good argument and a broken one',
      [{ metadata: { encoding: bytes('json/plain') }, data: bytes('{}') }, { data: bytes('x') }],
    ],
    [
      'JSON nested deeply',
      [{ metadata: { encoding: bytes('json/plain') }, data: bytes('['.repeat(5_000) + ']'.repeat(5_000)) }],
    ],
    ['half a character', [{ metadata: { encoding: bytes('json/plain') }, data: bytes('{"statement":"\\ud800"}') }]],
    [
      'a name that every object has',
      [{ metadata: { encoding: bytes('json/plain') }, data: bytes('{"__proto__":{"statement":1}}') }],
    ],
  ];
  it.each(garbage)('is recorded and harmless: %s', async (_name, payloads) => {
    const { stage, handle, digest } = await theatre.holding();
    await sendRaw(handle, 'approve', payloads);
    await sendRaw(handle, 'alert', payloads);
    await sendRaw(handle, 'note', payloads);
    await eventually(() => stage.recordsOf('refusal').length === 3);
    expect(await handle.query(pendingQuery)).toMatchObject([{ digest, approvedBy: [], refusedSignals: 3 }]);
    await stillReleasable(handle, digest);
  });

  it.each([null, true, 7, [], 'approve', '"', { statement: null }, { statement: { subject: { digest: 7 } } }])(
    'is recorded and harmless, whatever type it has: %j',
    async (value) => {
      const { stage, handle, digest } = await theatre.holding();
      await handle.signal(approveSignal, value);
      await handle.signal(rejectSignal, value);
      await eventually(() => stage.recordsOf('refusal').length === 2);
      expect(stage.recordsOf('refusal')).toMatchObject([
        { code: 'STATEMENT_MALFORMED' },
        { code: 'STATEMENT_MALFORMED' },
      ]);
      await stillReleasable(handle, digest);
    },
  );

  it('is refused unread when it is huge, and only its beginning is recorded', async () => {
    const { stage, handle, digest } = await theatre.holding();
    await handle.signal(approveSignal, { ...statementOf(digest), padding: 'x'.repeat(1_000_000) });
    await eventually(() => stage.recordsOf('refusal').length === 1);
    const [refusal] = stage.recordsOf('refusal');
    expect(refusal).toMatchObject({ code: 'TOO_LARGE' });
    expect(String(refusal?.raw).length).toBeLessThanOrEqual(2_048);
    expect(stage.inputsOf('weighStatement')).toEqual([]);
    await stillReleasable(handle, digest);
  });

  it('neither burns the hold nor counts: forged, or over another digest', async () => {
    const { stage, handle, digest } = await theatre.holding();
    await handle.signal(approveSignal, { ...statementOf(digest), proof: { kind: 'ssh', signature: 'forged' } });
    await handle.signal(approveSignal, statementOf('0'.repeat(64)));
    await eventually(() => stage.recordsOf('refusal').length === 2);
    expect(stage.recordsOf('refusal').map(({ code }) => code)).toEqual([
      'STATEMENT_BAD_PROOF',
      'STATEMENT_WRONG_SUBJECT',
    ]);
    expect(await handle.query(pendingQuery)).toMatchObject([
      { lastRefusal: 'STATEMENT_WRONG_SUBJECT', refusedSignals: 2 },
    ]);
    expect(stage.inputsOf('executeCall')).toEqual([]);
    await stillReleasable(handle, digest);
  });

  it('has no handler under another name, and changes nothing', async () => {
    const { handle, digest } = await theatre.holding();
    await sendRaw(handle, 'execute', [{ metadata: { encoding: bytes('nonsense') }, data: bytes('{') }]);
    await stillReleasable(handle, digest);
  });

  it('is dropped unread beyond the limit, and the incident gives up: nobody can be heard any more', async () => {
    const { stage, handle, digest } = await theatre.holding();
    const flood = Array.from({ length: limits.signalsMax + 20 }, (_, n) => handle.signal(approveSignal, { flood: n }));
    await Promise.allSettled(flood);
    expect(await handle.result()).toBe('gave-up');
    await handle.signal(approveSignal, statementOf(digest)).catch(() => undefined);
    expect(stage.recordsOf('refusal').length).toBeLessThanOrEqual(limits.signalsMax);
    expect(stage.inputsOf('executeCall')).toEqual([]);
    expect(stage.inputsOf('page')).toContainEqual(expect.objectContaining({ about: 'gave-up' }));
  });

  it('is harmless before triage as well', async () => {
    let open = () => {};
    const { stage, handle } = await theatre.play((stage) => {
      stage.script = [concluded];
      stage.before = (activity) =>
        activity === 'beginIncident'
          ? new Promise<void>((go) => {
              open = go;
            })
          : undefined;
    });
    await eventually(() => stage.inputsOf('beginIncident').length === 1);
    await handle.signal(alertSignal, 'firing' as never);
    await handle.signal(noteSignal, { kind: 'reset' });
    await handle.signal(approveSignal, statementOf('0'.repeat(64)));
    open();
    expect(await handle.result()).toBe('recovered');
    expect(
      stage
        .recordsOf('refusal')
        .map(({ code }) => code)
        .sort(),
    ).toEqual(['BAD_INPUT', 'STATEMENT_EARLY']);
  });
});
