import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signCheckpoint } from '../../activities/record/checkpoint.ts';
import { createRecorderClient } from '../../activities/record/client.ts';
import { MerkleTree, recordLeaf } from '../../activities/record/merkle.ts';
import { encodeClaim } from '../../activities/record/wire.ts';
import type { Receipt, ReceiptRequest } from '../../contracts/receipt.ts';
import { type HttpRequestClaim, signatureHeader } from '../../contracts/recorder-api.ts';
import { sha256Hex } from '../../policies/digest.ts';
import { executor, makeProcess, pinned, recorder } from '../policies/support/rules.ts';
import { codeFrom } from './incident.ts';
import { origin } from './segments-on-disk.ts';

const hashes = ['0', '1', '2', '3', '4', '5'].map((digit) => digit.repeat(64));
const seq = 3;
const runId = '01234567-89ab-4def-8123-456789abcdef';
const treeOf = (count: number): MerkleTree => {
  const tree = new MerkleTree();
  for (const hash of hashes.slice(0, count)) tree.append(recordLeaf(hash));
  return tree;
};
const text = (path: readonly Buffer[]) => path.map((hash) => hash.toString('base64'));
type Intent = Receipt['intent'];

/** A recorder that was taken over: it has its key, and says what it likes. */
describe('a receipt', () => {
  let server: Server;
  let intent: Intent;
  const digest = 'd'.repeat(64);
  const tree = treeOf(5);
  const headOf = (of: MerkleTree) => ({ origin, size: of.size, root: of.root() });
  const honest: Intent = {
    seq,
    hash: hashes[seq] ?? '',
    checkpoint: signCheckpoint(recorder.signer, headOf(tree)),
    path: text(tree.inclusion(seq, 5)),
  };
  const receiptOf = (): Receipt => ({
    ...{ v: 1, digest, executor: executor.signer.as, attempt: 1, activityId: '7', activityAttempt: 1 },
    fences: { all: runId, runbook: runId },
    issuedAt: new Date().toISOString(),
    startBefore: new Date(Date.now() + 2_000).toISOString(),
    intent,
  });
  const ask = async (change: Partial<Intent>) => {
    intent = { ...honest, ...change };
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}`;
    const client = createRecorderClient({ url, signer: executor.signer, keys: pinned, clock: Date.now });
    return codeFrom(client.receipt({ digest, activityId: '7', activityAttempt: 1 } as ReceiptRequest));
  };

  beforeAll(async () => {
    server = createServer((request, response) => {
      const claim = Buffer.from(String(request.headers[signatureHeader]), 'base64url').toString();
      const { nonce: requestNonce } = (JSON.parse(claim) as { payload: HttpRequestClaim }).payload;
      const body = JSON.stringify(recorder.signer.sign('receipt', receiptOf()));
      const reply = { v: 1, status: 200, bodyHash: sha256Hex(body), at: new Date().toISOString(), requestNonce };
      request.resume().on('end', () => {
        response
          .writeHead(200, { [signatureHeader]: encodeClaim(recorder.signer.sign('http-reply', reply)) })
          .end(body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => void server.close());

  it('is believed with the proof that its intent is in the log', async () => {
    expect(await ask({})).toBe('none');
    const later = treeOf(6);
    const checkpoint = signCheckpoint(recorder.signer, headOf(later));
    expect(await ask({ checkpoint, path: text(later.inclusion(seq, 6)) })).toBe('none');
  });
  it.each<[string, Partial<Intent>]>([
    ['another intent', { hash: 'e'.repeat(64) }],
    ['the path of another place', { path: text(tree.inclusion(2, 5)) }],
    ['another number', { seq: 2 }],
    ['a number that the log does not reach', { seq: 5 }],
    ['no path', { path: [] }],
    ['a path that goes on', { path: [...honest.path, honest.path[0] ?? ''] }],
    ['a checkpoint from before the intent', { checkpoint: signCheckpoint(recorder.signer, headOf(treeOf(3))) }],
    [
      'a checkpoint over other records',
      { checkpoint: signCheckpoint(recorder.signer, { origin, size: 5, root: Buffer.alloc(32) }) },
    ],
  ])('is refused by its executor with %s', async (_what, change) => {
    expect(await ask(change)).toBe('RECEIPT_REFUSED');
  });
  it.each<[string, string, Partial<Intent>]>([
    [
      'a checkpoint that the recorder did not sign',
      'BAD_SIGNATURE',
      { checkpoint: signCheckpoint(executor.signer, headOf(tree)) },
    ],
    [
      'a checkpoint under a key that nobody pins',
      'BAD_SIGNATURE',
      { checkpoint: signCheckpoint(makeProcess('recorder').signer, headOf(tree)) },
    ],
    ['no checkpoint', 'BAD_INPUT', { checkpoint: '' }],
    ['a path that is none', 'BAD_INPUT', { path: ['x'] }],
  ])('is no receipt with %s', async (_what, code, change) => {
    expect(await ask(change)).toBe(code);
  });
});
