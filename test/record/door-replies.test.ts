import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { postStatements } from '../../activities/record/client.ts';
import { askStatuses } from '../../activities/record/windows.ts';
import { type Call, type Reply, send } from '../../activities/record/wire.ts';
import { nonceHeader, signatureHeader } from '../../contracts/recorder-api.ts';
import type { SignedStatement } from '../../contracts/statement.ts';
import { describeWith } from '../support/skips.ts';
import { codeFrom, runbookRef, say } from './incident.ts';
import { keys, openStage, openWorld, type Stage, type World } from './stage.ts';

/** Stands between a person and the recorder: may change what is asked, and what is answered. */
type Between = {
  readonly ask?: (call: Call) => Call;
  readonly answer?: (reply: Reply) => Reply;
};

describeWith('temporal', 'replies at the doors that take anyone', () => {
  let world: World;
  let stage: Stage;
  let relay: Server | null = null;
  const waiver = (ring: 1 | 2 = 2): SignedStatement =>
    say(stage, {
      type: 'waive',
      runbook: runbookRef(stage.rules),
      ring,
      conditions: ['dry_run_days'],
      until: stage.at(3_600_000),
    });
  const through = async ({ ask = (call) => call, answer = (reply) => reply }: Between, what = waiver()) => {
    relay = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const headers = { [nonceHeader]: String(request.headers[nonceHeader] ?? '') };
      const call = ask({ method: 'POST', path: request.url ?? '', body: Buffer.concat(chunks), headers });
      const { status, body, signature } = answer(await send(stage.recorder.url, call, 5_000));
      response.writeHead(status, signature === null ? {} : { [signatureHeader]: signature }).end(body);
    }).listen(0, '127.0.0.1');
    await new Promise((ready) => relay?.once('listening', ready));
    const { port } = relay.address() as AddressInfo;
    return codeFrom(postStatements({ url: `http://127.0.0.1:${port}`, keys }, [what]));
  };
  const isAway = expect.stringMatching(/^RECORDER_AWAY/);

  beforeAll(async () => {
    world = await openWorld();
    stage = await openStage({ world });
  });
  afterEach(() => {
    relay?.closeAllConnections();
    relay?.close();
  });
  afterAll(async () => {
    await stage.close();
    await world.close();
  });

  it('are believed as the recorder signed them, a refusal as well', async () => {
    expect(await through({})).toBe('none');
    expect(await through({}, say(stage, waiver().statement.subject, { verdict: 'reject' }))).toBe(
      'STATEMENT_NOT_APPROVING',
    );
  });
  it('are not believed without a signature, whatever they say', async () => {
    expect(await through({ answer: (reply) => ({ ...reply, signature: null }) })).toEqual(isAway);
  });
  it('are not believed with another body or status than was signed', async () => {
    const body = Buffer.from(JSON.stringify({ seq: 7, hash: 'a'.repeat(64), at: stage.at() }));
    expect(await through({ answer: (reply) => ({ ...reply, body }) })).toEqual(isAway);
    expect(await through({ answer: (reply) => ({ ...reply, status: 409 }) })).toEqual(isAway);
  });
  it('are not believed when they answer what somebody else asked under the same nonce', async () => {
    const body = Buffer.from(JSON.stringify({ statements: [waiver(1)] }));
    expect(await through({ ask: (call) => ({ ...call, body }) })).toEqual(isAway);
  });
  it('are not believed from an earlier time', async () => {
    let kept: Reply | null = null;
    await through({ answer: (reply) => (kept = reply) });
    relay?.close();
    expect(await through({ answer: (reply) => kept ?? reply })).toEqual(isAway);
  });
  it('are bounded in number: one address looks at where runbooks stand 120 times a minute', async () => {
    const door = { url: stage.recorder.url, keys };
    for (let n = 0; n < 120; n++) await askStatuses(door);
    expect(await codeFrom(askStatuses(door))).toBe('RATE_LIMITED');
    expect(await codeFrom(postStatements(door, [waiver()]))).toBe('none');
  });
  it('are not believed under a key that is not pinned for the recorder', async () => {
    const { recorder: _recorder, ...others } = keys;
    const work = postStatements({ url: stage.recorder.url, keys: others }, [waiver()]);
    expect(await codeFrom(work)).toEqual(isAway);
  });
});
