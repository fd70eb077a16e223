import type { z } from 'zod';
import type { SignedAttestation } from '../../contracts/attestation.ts';
import type { PinnedKeys } from '../../contracts/config.ts';
import { HoldpointError } from '../../contracts/errors.ts';
import type { SignedOutcome } from '../../contracts/evidence.ts';
import { Governed } from '../../contracts/governor.ts';
import type { ReceiptRequest, SignedReceipt } from '../../contracts/receipt.ts';
import { Receipt } from '../../contracts/receipt.ts';
import type { RecordBody, RecordKind, SignedRecord } from '../../contracts/record.ts';
import { LogRecord } from '../../contracts/record.ts';
import { Appended, BoundFences, Head, OpenIntents, RecordPage } from '../../contracts/recorder-api.ts';
import type { RunbookRef } from '../../contracts/runbook.ts';
import type { SignedStanding } from '../../contracts/standing.ts';
import { StandingSnapshot } from '../../contracts/standing.ts';
import type { SignedStatement } from '../../contracts/statement.ts';
import { sha256Hex } from '../../policies/digest.ts';
import { firstIssue, openSigned } from '../../policies/signing.ts';
import { openCheckpoint } from './checkpoint.ts';
import { isIncluded, recordLeaf } from './merkle.ts';
import type { Call, Door, ExchangeOptions } from './wire.ts';
import { askDoor, blobBytesMax, exchange, parseJson, timeoutMsDefault } from './wire.ts';

export type RecordsQuery = {
  readonly from?: number;
  readonly workflow?: string;
  /** Only these kinds; needs `workflow`. */
  readonly kinds?: readonly RecordKind[];
  readonly limit?: number;
};
export type RecorderClient = {
  /** Appends one record; durable when it resolves. The same body for the same run is appended once. */
  append(body: RecordBody): Promise<Appended>;
  /** Asks for the admission to an effect. The intent is durable in the log when it resolves. */
  receipt(request: ReceiptRequest): Promise<SignedReceipt>;
  /** Sends a signed outcome. Resend until it resolves: the same outcome is appended once. */
  outcome(outcome: SignedOutcome): Promise<Appended>;
  /** Intents of the caller's own role that no executor has signed an outcome for. */
  openIntents(): Promise<SignedRecord[]>;
  standing(runbook: RunbookRef): Promise<SignedStanding>;
  /** Where a runbook of the recorder's newest manifest stands, for whoever shows it. */
  governed(runbookId: string): Promise<Governed>;
  fences(runbookId: string): Promise<BoundFences>;
  /** Stores bytes and answers their SHA-256. At most 4 MiB: `TOO_LARGE`. */
  putBlob(bytes: Uint8Array | string): Promise<string>;
  /** Throws `NOT_FOUND`; a blob that does not hash to its name is `RECORD_DAMAGED`. */
  getBlob(hash: string): Promise<Buffer>;
  /** One page, oldest first. Bounded in bytes too, so only an empty one says that there are no more. */
  records(query: RecordsQuery): Promise<SignedRecord[]>;
  head(): Promise<Head>;
};
export type RecorderReader = Pick<RecorderClient, 'standing' | 'governed' | 'fences' | 'getBlob' | 'records' | 'head'>;
export type RecorderClientOptions = ExchangeOptions;

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value), 'utf8');

/**
 * The recorder as another process sees it. Requests are signed, replies are believed only under the recorder's pinned key.
 * Every method throws `RECORDER_AWAY` when no reply of the recorder came or it failed (5xx): nothing may be assumed then;
 * and the recorder's own code when it refused (4xx).
 */
export function createRecorderClient(options: RecorderClientOptions): RecorderClient {
  const ask = <S extends z.ZodType>(call: Call, schema: S) =>
    exchange(options, call).then((body) => shaped(body, schema));
  return {
    ...createReader(options),
    append: (body) => ask({ method: 'POST', path: '/v1/records', body: json(body) }, Appended),
    outcome: (outcome) => ask({ method: 'POST', path: '/v1/outcomes', body: json(outcome) }, Appended),
    receipt: async (request) =>
      openReceipt(
        options,
        request,
        await exchange(options, { method: 'POST', path: '/v1/receipts', body: json(request) }),
      ),
    openIntents: async () => {
      const intents = await ask({ method: 'GET', path: '/v1/intents/open' }, OpenIntents);
      return intents.map(({ record }) => openRecord(options.keys, record));
    },
    putBlob: (bytes) => putBlob(options, typeof bytes === 'string' ? Buffer.from(bytes, 'utf8') : bytes),
  };
}

/** The part of the client that can only read: for whoever shows the record. */
export function createReader(options: RecorderClientOptions): RecorderReader {
  const ask = <S extends z.ZodType>(call: Call, schema: S) =>
    exchange(options, call).then((body) => shaped(body, schema));
  return {
    standing: async (runbook) => openStanding(options, runbook, await exchange(options, standingCall(runbook))),
    governed: (id) => ask({ method: 'GET', path: `/v1/governed/${encodeURIComponent(id)}` }, Governed),
    fences: (runbookId) => ask({ method: 'GET', path: `/v1/fences/${encodeURIComponent(runbookId)}` }, BoundFences),
    getBlob: async (hash) => {
      const bytes = await exchange(options, { method: 'GET', path: `/v1/blobs/${encodeURIComponent(hash)}` });
      if (sha256Hex(bytes) !== hash) throw new HoldpointError('RECORD_DAMAGED', `blob \`${hash}\` has another hash`);
      return bytes;
    },
    records: async (query) => {
      const page = await ask({ method: 'GET', path: recordsPath(query) }, RecordPage);
      return page.map((record) => openRecord(options.keys, record));
    },
    head: () => ask({ method: 'GET', path: '/v1/head' }, Head),
  };
}

/**
 * Posts statements outside an incident (resume, waive, grade, promote …), or a rejection of an action. Their proofs are their
 * only authority, so the request is not signed; the reply is. Throws `RECORDER_AWAY` or the recorder's code.
 */
export const postStatements = async (door: Door, statements: readonly SignedStatement[]): Promise<Appended> =>
  shaped(await askDoor(door, postCall('/v1/statements', { statements }), timeoutMsDefault), Appended);

/** Posts a preflight attestation: its signature is its only authority. Throws `RECORDER_AWAY` or the recorder's code. */
export const postAttestation = async (door: Door, attestation: SignedAttestation): Promise<Appended> =>
  shaped(await askDoor(door, postCall('/v1/attestations', attestation), timeoutMsDefault), Appended);

const postCall = (path: string, value: unknown): Call => ({ method: 'POST', path, body: json(value) });

function shaped<S extends z.ZodType>(body: Buffer, schema: S): z.infer<S> {
  const parsed = schema.safeParse(parseJson(body));
  if (!parsed.success) throw new HoldpointError('RECORDER_AWAY', `recorder: reply ${firstIssue(parsed.error)}`);
  return parsed.data;
}

const isRecorder = (signer: string): boolean => signer === 'recorder';
const openRecord = (keys: PinnedKeys, record: unknown): SignedRecord =>
  openSigned('record', LogRecord, record, keys, isRecorder);
const standingCall = (runbook: RunbookRef): Call => ({
  method: 'GET',
  path: `/v1/standing/${encodeURIComponent(runbook.id)}/${encodeURIComponent(runbook.digest)}`,
});

function openStanding({ keys }: RecorderClientOptions, runbook: RunbookRef, body: Buffer): SignedStanding {
  const signed = openSigned('standing', StandingSnapshot, parseJson(body), keys, isRecorder);
  const { id, digest } = signed.payload.runbook;
  if (id !== runbook.id || digest !== runbook.digest)
    throw new HoldpointError('STANDING_STALE', `standing: expected \`${runbook.id}\` at this digest, got \`${id}\``);
  return signed;
}

function openReceipt(options: RecorderClientOptions, request: ReceiptRequest, body: Buffer): SignedReceipt {
  const signed = openSigned('receipt', Receipt, parseJson(body), options.keys, isRecorder);
  const { digest, executor, activityId, activityAttempt } = signed.payload;
  const mine = executor === options.signer.as && digest === request.digest && activityId === request.activityId;
  if (!mine || activityAttempt !== request.activityAttempt)
    throw new HoldpointError('RECEIPT_REFUSED', 'receipt: expected one for this executor, digest and activity attempt');
  if (!isInLog(signed.payload, options.keys))
    throw new HoldpointError('RECEIPT_REFUSED', 'receipt: expected a proof that its intent is in the log');
  return signed;
}

function isInLog({ intent: { seq, hash, checkpoint, path } }: Receipt, keys: PinnedKeys): boolean {
  const { size, root } = openCheckpoint(checkpoint, keys);
  const siblings = path.map((sibling) => Buffer.from(sibling, 'base64'));
  return isIncluded({ leaf: recordLeaf(hash), index: seq, size, path: siblings, root });
}

async function putBlob(options: RecorderClientOptions, body: Uint8Array): Promise<string> {
  if (body.byteLength > blobBytesMax)
    throw new HoldpointError('TOO_LARGE', `blob: expected at most ${blobBytesMax} bytes, got ${body.byteLength}`);
  const hash = sha256Hex(body);
  await exchange(options, { method: 'PUT', path: `/v1/blobs/${hash}`, body });
  return hash;
}

function recordsPath({ from, workflow, kinds, limit }: RecordsQuery): string {
  const query = new URLSearchParams();
  if (from !== undefined) query.set('from', String(from));
  if (workflow !== undefined) query.set('workflow', workflow);
  if (kinds !== undefined) query.set('kinds', kinds.join(','));
  if (limit !== undefined) query.set('limit', String(limit));
  return query.size === 0 ? '/v1/records' : `/v1/records?${query.toString()}`;
}
