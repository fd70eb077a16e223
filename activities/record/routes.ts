import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { HoldpointError } from '../../contracts/errors.ts';
import { fenceId } from '../../contracts/queues.ts';
import { RecordKind, type SignedRecord } from '../../contracts/record.ts';
import type { BoundFences } from '../../contracts/recorder-api.ts';
import type { ProcessId } from '../../contracts/signed.ts';
import type { SignedStanding } from '../../contracts/standing.ts';
import { Name, Sha256, WorkflowId } from '../../contracts/values.ts';
import { sha256Hex } from '../../policies/digest.ts';
import { appendRecord } from './append-rules.ts';
import { takeAttestation } from './attestations-door.ts';
import { recordOutcome } from './outcomes.ts';
import type { RecorderParts } from './parts.ts';
import { giveReceipt } from './receipts.ts';
import { governedBy } from './runbook-report.ts';
import type { ServerDeps } from './server.ts';
import { bodyOf, callerOf, jsonOf } from './signed-server.ts';
import type { BoundFence } from './state.ts';
import { takeStatements } from './statements-door.ts';
import { changeOf, proposalOf, runbookStatuses, statusOfRunbook } from './status-windows.ts';

const recordsPerPageMax = 500;
const openIntentsMax = 1_000;
const pageBytesMax = 16 * 1024 * 1024;
const doorBytesMax = 128 * 1024;
const octets = 'application/octet-stream';
/** A window that anyone may look through: the same bounds, at a screen's pace. */
const window = { config: { unsigned: true, rateLimit: { max: 600 } }, bodyLimit: 1_024 } as const;
/** What takes a walk over the log's fold to answer is asked less often. */
const widerWindow = { ...window, config: { unsigned: true, rateLimit: { max: 120 } } } as const;
/** A door that anyone may knock at: bounded in bytes, and in knocks by address. */
const door = { config: { unsigned: true, rateLimit: {} }, bodyLimit: doorBytesMax } as const;

/** The doors of `contracts/recorder-api.ts`, and nothing else. */
export function addRoutes(app: FastifyInstance, deps: ServerDeps): void {
  addWrites(app, deps);
  addReads(app, deps);
  addStatuses(app, deps);
  addBlobs(app, deps);
}

function addWrites(app: FastifyInstance, deps: ServerDeps): void {
  app.post('/v1/records', (request) => appendRecord(deps, jsonOf(request), callerOf(request)));
  app.post('/v1/receipts', (request) => giveReceipt(deps, jsonOf(request), callerOf(request)));
  app.post('/v1/outcomes', (request) => recordOutcome(deps, jsonOf(request), callerOf(request)));
  app.post('/v1/statements', door, (request) => takeStatements(deps, jsonOf(request)));
  app.post('/v1/attestations', door, (request) => takeAttestation(deps, jsonOf(request)));
}

function addReads(app: FastifyInstance, deps: ServerDeps): void {
  app.get('/v1/intents/open', (request) => openIntents(deps, callerOf(request)));
  app.get('/v1/standing/:id/:digest', (request) => standingOf(deps, request));
  app.get('/v1/governed/:id', (request) => governedBy(deps, param(request, 'id', Name)));
  app.get('/v1/fences/:id', (request) => fencesOf(deps, param(request, 'id', Name)));
  app.get('/v1/records', (request) => pageOf(deps, request));
  app.get('/v1/head', window, async () => {
    const { seq, hash, atMs } = deps.log.state.link;
    return { seq, hash, at: instant(atMs) };
  });
  app.get('/v1/checkpoint', window, async (_request, reply) =>
    reply.type('text/plain').send(deps.log.checkpoint().note),
  );
}

/** What a person reads before signing a change of standing. */
function addStatuses(app: FastifyInstance, deps: ServerDeps): void {
  app.get('/v1/runbooks', widerWindow, async () => runbookStatuses(deps));
  app.get('/v1/runbooks/:id', widerWindow, async (request) => statusOfRunbook(deps, param(request, 'id', Name)));
  app.get('/v1/proposals/:hash', window, async (request) => proposalOf(deps, param(request, 'hash', Sha256)));
  app.get('/v1/changes/:hash', window, (request) => changeOf(deps, param(request, 'hash', Sha256)));
}

function addBlobs(app: FastifyInstance, deps: ServerDeps): void {
  app.get('/v1/blobs/:hash', async (request, reply) =>
    reply.type(octets).send(await deps.blobs.get(param(request, 'hash', Sha256))),
  );
  app.put('/v1/blobs/:hash', async (request) => {
    const hash = param(request, 'hash', Sha256);
    const body = bodyOf(request);
    if (sha256Hex(body) !== hash)
      throw new HoldpointError('BAD_INPUT', `blob: expected content that hashes to \`${hash}\``);
    return { hash: await deps.blobs.put(body) };
  });
  // The digest of a card is known to whoever was shown it; only cards can be read this way, never other evidence.
  app.get('/v1/cards/:hash', window, async (request, reply) => {
    const hash = param(request, 'hash', Sha256);
    if (!deps.log.state.isCard(hash)) throw new HoldpointError('NOT_FOUND', 'the log holds no card with this digest');
    return reply.type('application/json').send(await deps.blobs.get(hash));
  });
}

const instant = (ms: number): string => new Date(ms).toISOString();

type Shape = { safeParse(value: unknown): { success: true; data: string } | { success: false } };
function param(request: FastifyRequest, name: string, shape: Shape): string {
  const parsed = shape.safeParse((request.params as Record<string, string>)[name]);
  if (!parsed.success) throw new HoldpointError('BAD_INPUT', `path: expected a well-formed \`${name}\``);
  return parsed.data;
}

async function openIntents({ log }: RecorderParts, caller: ProcessId): Promise<{ record: SignedRecord }[]> {
  if (!caller.startsWith('executor.'))
    throw new HoldpointError('NOT_PERMITTED', `\`${caller}\` has no intents: only executors do`);
  const entries = log.state.intents.unsigned(caller).slice(0, openIntentsMax);
  const open: { record: SignedRecord }[] = [];
  for await (const record of log.records(entries.map(({ seq }) => seq))) open.push({ record });
  return open;
}

async function standingOf({ log, signer, clock }: RecorderParts, request: FastifyRequest): Promise<SignedStanding> {
  const runbook = { id: param(request, 'id', Name), digest: param(request, 'digest', Sha256) };
  const { state } = log;
  if (state.link.seq < 0) throw new HoldpointError('STANDING_STALE', 'standing: the log is empty');
  const now = clock();
  return signer.sign('standing', {
    v: 1 as const,
    runbook,
    seq: state.link.seq,
    at: instant(now),
    standing: state.ledger.standing(runbook, now),
    manifestVersion: state.manifestVersion,
  });
}

async function fencesOf({ log: { state } }: RecorderParts, runbook: string): Promise<BoundFences> {
  const shown = (bound: BoundFence | null) =>
    bound === null ? null : { runId: bound.runId, resumedAt: instant(bound.resumedAt) };
  return {
    all: shown(state.fence(fenceId({ kind: 'all' }))),
    runbook: shown(state.fence(fenceId({ kind: 'runbook', runbook }))),
  };
}

/** A page ends at 500 records or 16 MiB; the caller goes on after the last number it got. */
async function pageOf({ log }: RecorderParts, request: FastifyRequest): Promise<SignedRecord[]> {
  const { from, workflow, kinds, limit } = pageQuery(request);
  const { state } = log;
  const seqs =
    workflow === undefined
      ? range(from, state.link.seq, limit)
      : state.runs.seqs(workflow).filter((seq) => seq >= from && (kinds?.has(state.kindAt(seq)) ?? true));
  const page: SignedRecord[] = [];
  let bytes = 0;
  for await (const record of log.records(seqs.slice(0, limit))) {
    bytes += JSON.stringify(record).length;
    if (page.length > 0 && bytes > pageBytesMax) break;
    page.push(record);
  }
  return page;
}

const range = (from: number, last: number, limit: number): number[] =>
  Array.from({ length: Math.max(0, Math.min(limit, last - from + 1)) }, (_, index) => from + index);

type PageQuery = {
  readonly from: number;
  readonly workflow: string | undefined;
  /** Undefined: all of them. */
  readonly kinds: ReadonlySet<RecordKind | null> | undefined;
  readonly limit: number;
};

function pageQuery(request: FastifyRequest): PageQuery {
  const query = request.query as Record<string, unknown>;
  const whole = (name: string, fallback: number): number => {
    const value = query[name] === undefined ? fallback : Number(query[name]);
    if (!Number.isSafeInteger(value) || value < 0)
      throw new HoldpointError('BAD_INPUT', `query: expected \`${name}\` to be a whole number`);
    return value;
  };
  const workflow =
    query.workflow === undefined ? { success: true as const, data: undefined } : WorkflowId.safeParse(query.workflow);
  if (!workflow.success) throw new HoldpointError('BAD_INPUT', 'query: expected `workflow` to be a workflow id');
  const kinds = kindsOf(query.kinds);
  if (kinds !== undefined && workflow.data === undefined)
    throw new HoldpointError('BAD_INPUT', 'query: expected `workflow` beside `kinds`');
  const limit = Math.min(whole('limit', 100), recordsPerPageMax);
  return { from: whole('from', 0), workflow: workflow.data, kinds, limit };
}

function kindsOf(value: unknown): ReadonlySet<RecordKind> | undefined {
  if (value === undefined) return undefined;
  const parsed = z.array(RecordKind).safeParse(String(value).split(','));
  // A kind that nobody knows would find nothing, and so hide what its caller looks for.
  if (!parsed.success) throw new HoldpointError('BAD_INPUT', 'query: expected `kinds` to be kinds of records');
  return new Set(parsed.data);
}
