import { request } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createRecorderClient } from '../../activities/record/client.ts';
import { type Call, encodeClaim, send, signCall } from '../../activities/record/wire.ts';
import { signatureHeader } from '../../contracts/recorder-api.ts';
import { sha256Hex } from '../../policies/digest.ts';
import { makeProcess } from '../policies/support/rules.ts';
import { describeWith } from '../support/skips.ts';
import { codeFrom } from './incident.ts';
import { executor, keys, openStage, openWorld, orchestrator, type Stage, stranger, type World } from './stage.ts';

describeWith('temporal', 'requests to the recorder', () => {
  let world: World;
  let stage: Stage;
  const get: Call = { method: 'GET', path: '/v1/fences/postgres-blocked' };
  const answer = async (call: Call) => {
    const reply = await send(stage.recorder.url, call, 5_000);
    const body = JSON.parse(reply.body.toString()) as { error?: { code: string } };
    return { status: reply.status, code: body.error?.code ?? 'none', signed: reply.signature !== null };
  };
  const signedBy = (process: typeof executor, call: Call, now = stage.now()) =>
    signCall(call, process.signer, now).headers;

  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    stage = await openStage({ world });
  });
  afterEach(() => stage.close());

  it('answers a pinned process, and signs the reply', async () => {
    expect(await answer({ ...get, headers: signedBy(executor, get) })).toEqual({
      status: 200,
      code: 'none',
      signed: true,
    });
  });
  it('refuses a request that is not signed', async () => {
    expect(await answer(get)).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' });
  });
  it('refuses a key that nobody pinned, under the name of one that is', async () => {
    expect(await answer({ ...get, headers: signedBy(stranger, get) })).toMatchObject({
      status: 401,
      code: 'BAD_SIGNATURE',
    });
  });
  it('refuses a process that nobody pinned', async () => {
    const unknown = makeProcess('executor.nobody');
    expect(await answer({ ...get, headers: signedBy(unknown, get) })).toMatchObject({
      status: 401,
      code: 'BAD_SIGNATURE',
    });
  });
  it('refuses a signature over another path', async () => {
    const headers = signedBy(executor, { ...get, path: '/v1/fences/other' });
    expect(await answer({ ...get, headers })).toMatchObject({ status: 401, code: 'BAD_SIGNATURE' });
  });
  it('refuses a signature over another method', async () => {
    const headers = signedBy(executor, { ...get, method: 'POST' });
    expect(await answer({ ...get, headers })).toMatchObject({ status: 401, code: 'BAD_SIGNATURE' });
  });
  it('refuses a signature over another body', async () => {
    const call: Call = { method: 'POST', path: '/v1/records', body: Buffer.from('{}') };
    const headers = signedBy(orchestrator, { ...call, body: Buffer.from('{"a":1}') });
    expect(await answer({ ...call, headers })).toMatchObject({ status: 401, code: 'BAD_SIGNATURE' });
  });
  it('refuses a request that was sent before, to the letter', async () => {
    const headers = signedBy(executor, get);
    expect((await answer({ ...get, headers })).status).toBe(200);
    expect(await answer({ ...get, headers })).toMatchObject({ status: 401, code: 'REPLAYED_REQUEST' });
  });
  it.each([-30_500, 30_500])('refuses a request whose time is %d ms away', async (ms) => {
    stage.pass(60_000);
    const headers = signedBy(executor, get, stage.now() + ms);
    expect(await answer({ ...get, headers })).toMatchObject({ status: 401, code: 'STALE_REQUEST' });
  });
  it('refuses a request from before its own start: it may have been served in an earlier life', async () => {
    const headers = signedBy(executor, get);
    stage.pass(10);
    await stage.restart();
    expect(await answer({ ...get, headers })).toMatchObject({ status: 401, code: 'STALE_REQUEST' });
  });
  it('refuses a signature made for another purpose', async () => {
    const claim = {
      v: 1,
      method: 'GET',
      path: get.path,
      bodyHash: sha256Hex(''),
      at: stage.at(),
      nonce: 'n'.repeat(24),
    };
    const headers = { [signatureHeader]: encodeClaim(executor.signer.sign('http-reply', claim)) };
    expect(await answer({ ...get, headers })).toMatchObject({ status: 401, code: 'BAD_SIGNATURE' });
  });
  it('refuses a header that is no claim', async () => {
    expect(await answer({ ...get, headers: { [signatureHeader]: 'x'.repeat(100) } })).toMatchObject({
      code: 'BAD_INPUT',
    });
  });
  it('refuses a body beyond its bound before it is read whole', async () => {
    const status = await new Promise<number>((resolve, reject) => {
      const call = request(`${stage.recorder.url}/v1/statements`, { method: 'POST' }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      call.on('error', reject);
      call.setHeader('content-length', 50_000_000);
      call.write('{');
    });
    expect(status).toBe(413);
  });
  it('has no other door', async () => {
    expect(await answer({ method: 'GET', path: '/v1/secrets' })).toMatchObject({ code: 'UNAUTHENTICATED' });
    const call: Call = { method: 'GET', path: '/v1/blobs/../trust.json' };
    expect((await answer({ ...call, headers: signedBy(executor, call) })).status).toBeGreaterThanOrEqual(400);
  });

  it('stores a blob under its hash only, and answers it whole', async () => {
    const hash = await stage.as(executor).putBlob('some evidence');
    expect((await stage.as(orchestrator).getBlob(hash)).toString()).toBe('some evidence');
    const call: Call = { method: 'PUT', path: `/v1/blobs/${'a'.repeat(64)}`, body: Buffer.from('x') };
    expect(await answer({ ...call, headers: signedBy(executor, call) })).toMatchObject({
      status: 422,
      code: 'BAD_INPUT',
    });
    expect(await codeFrom(stage.as(executor).getBlob('b'.repeat(64)))).toBe('NOT_FOUND');
    expect(await codeFrom(stage.as(executor).putBlob(Buffer.alloc(5 * 1024 * 1024)))).toBe('TOO_LARGE');
  });
  it('shows strangers nothing but the head and cards', async () => {
    expect((await answer({ method: 'GET', path: '/v1/head' })).status).toBe(200);
    const hash = await stage.as(executor).putBlob('some evidence');
    expect(await answer({ method: 'GET', path: `/v1/cards/${hash}` })).toMatchObject({
      status: 404,
      code: 'NOT_FOUND',
    });
    expect(await answer({ method: 'GET', path: `/v1/blobs/${hash}` })).toMatchObject({ status: 401 });
    expect(await answer({ method: 'GET', path: '/v1/records' })).toMatchObject({ status: 401 });
  });
  it('does not let a client believe a recorder whose key is not pinned', async () => {
    const other = { ...keys, recorder: makeProcess('recorder').keys.recorder ?? [] };
    const client = createRecorderClient({
      url: stage.recorder.url,
      signer: executor.signer,
      keys: other,
      clock: stage.now,
    });
    expect(await codeFrom(client.head())).toMatch(/^RECORDER_AWAY/);
  });
  it('tells a client that the recorder is away when nobody answers', async () => {
    const client = createRecorderClient({ url: 'http://127.0.0.1:9', signer: executor.signer, keys, clock: stage.now });
    expect(await codeFrom(client.head())).toMatch(/^RECORDER_AWAY/);
  });
});
