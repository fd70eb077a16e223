import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { createReasonerActivities } from '../../activities/reason/propose-call.ts';
import type { Model } from '../../activities/reason/turn.ts';
import type { PinnedKeys, PrivateKey, PublicKey } from '../../contracts/config.ts';
import { HoldpointError } from '../../contracts/errors.ts';
import type { EvidenceRef, ReadResult } from '../../contracts/evidence.ts';
import type { ActionEnd, IncidentContext, Proposal } from '../../contracts/incident.ts';
import type { ModelUsage } from '../../contracts/model-usage.ts';
import type { SignedRecord } from '../../contracts/record.ts';
import type { ProcessId } from '../../contracts/signed.ts';
import { jcs, sha256Hex } from '../../policies/digest.ts';
import { parseRunbook } from '../../policies/runbook.ts';
import type { Signer } from '../../policies/signing.ts';
import { createSigner } from '../../policies/signing.ts';

const file = 'runbooks/postgres-blocked-by-idle-transaction.yaml';
export const runbook = parseRunbook(readFileSync(file, 'utf8'), file);
export const workflowId = `incident/alertmanager/${'a'.repeat(64)}`;
export const runId = '00000000-0000-4000-8000-000000000001';
const quiet = new DefaultLogger('ERROR', () => {});
const manifest = 'b'.repeat(64);

function processKey(as: ProcessId): { signer: Signer; pinned: PublicKey } {
  const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const key: PrivateKey = { kty: 'OKP', crv: 'Ed25519', x: String(jwk.x), d: String(jwk.d) };
  return { signer: createSigner(as, key), pinned: { kty: 'OKP', crv: 'Ed25519', x: key.x } };
}
const signers = {
  gateway: processKey('gateway'),
  executor: processKey('executor.payments-db'),
  other: processKey('executor.other'),
  reasoner: processKey('reasoner'),
};
export type SignerName = keyof typeof signers;
const keys: PinnedKeys = {
  gateway: [signers.gateway.pinned],
  'executor.payments-db': [signers.executor.pinned],
  'executor.other': [signers.other.pinned],
  reasoner: [signers.reasoner.pinned],
};

export const backend = (pid: number, attributes: object = {}) => ({
  kind: 'backend',
  id: `payments/${pid}`,
  attributes: {
    pid,
    database: 'payments',
    role: 'root',
    state: 'idle in transaction',
    backendType: 'client backend',
    own: false,
    blockedCount: 3,
    xactAgeMs: 60_000,
    ...attributes,
  },
});
type Over = Partial<ReadResult>;

/** One incident as the reasoner meets it: signed blobs by hash, and the activity in a real activity context. */
export function incidentUnderTest() {
  const blobs = new Map<string, string>();
  const evidence: EvidenceRef[] = [];
  const put = (text: string): string => {
    blobs.set(sha256Hex(text), text);
    return sha256Hex(text);
  };
  const alertOf = (over: object = {}, by: SignerName = 'gateway', id = workflowId) => {
    const labels = { alertname: 'PaymentsDatabaseBlocked', service: 'payments' };
    const alert = {
      source: 'alertmanager',
      fingerprint: 'f',
      status: 'firing',
      labels,
      annotations: {},
      startsAt: '2026-03-07T11:33:21.873Z',
      ...over,
    };
    return put(
      jcs(signers[by].signer.sign('alert', { v: 1, workflowId: id, receivedAt: '2026-03-07T11:33:22.000Z', alert })),
    );
  };
  const context: IncidentContext = {
    alertRef: alertOf(),
    runbook: { id: runbook.id, digest: runbook.digest },
    manifest,
  };
  const refTo = (hash: string, result: ReadResult): EvidenceRef => ({
    step: result.step,
    tool: result.tool,
    resultHash: hash,
    at: result.at,
    entityCount: result.entities.length,
    bytes: 1,
  });
  const read = (
    tool: string,
    over: Over = {},
    by: SignerName = 'executor',
    purpose: 'result' | 'prediction' = 'result',
  ): string => {
    const result = {
      v: 1,
      workflowId,
      runId,
      activityId: '1',
      step: { step: evidence.length, index: 0 },
      runbook: context.runbook,
      tool,
      args: { database: 'payments' },
      at: '2026-03-07T11:34:00.000Z',
      data: {},
      entities: [],
      ...over,
    } as ReadResult;
    const hash = put(jcs(signers[by].signer.sign(purpose, result)));
    evidence.push(refTo(hash, result));
    return hash;
  };
  type Ask = {
    step?: number;
    ends?: readonly ActionEnd[];
    callsMax?: number;
    context?: IncidentContext;
    getBlob?: (hash: string) => Promise<Buffer>;
    putBlob?: (text: string) => Promise<string>;
    records?: () => Promise<SignedRecord[]>;
    /** What earlier turns took, one record each. */
    spent?: readonly ModelUsage[];
    /** What the attempt before this one left. */
    kept?: unknown;
    /** Given the environment before the activity runs. */
    enter?: (environment: MockActivityEnvironment) => void;
    timeoutMs?: number;
  };
  const propose = (model: Model, ask: Ask = {}): Promise<Proposal> => {
    const activities = createReasonerActivities({
      model,
      keys,
      records:
        ask.records ??
        (async ({ workflow, from = 0 }) =>
          workflow === workflowId
            ? (ask.spent ?? []).slice(from, from + 2).map((usage, at) => proposalRecord(from + at, usage))
            : []),
      manifests: {
        require: (digest) => {
          if (digest !== manifest) throw new HoldpointError('MANIFEST_UNKNOWN', 'unknown');
          return { runbooks: new Map([[runbook.id, runbook]]) };
        },
        reload: async () => {},
      },
      blobs: {
        putBlob: ask.putBlob ?? (async (text) => put(text)),
        getBlob:
          ask.getBlob ??
          (async (hash) => {
            const found = blobs.get(hash);
            if (found === undefined) throw new HoldpointError('NOT_FOUND', 'no such blob');
            return Buffer.from(found);
          }),
      },
    });
    const { kept: heartbeatDetails, timeoutMs: startToCloseTimeoutMs = 120_000 } = ask;
    const environment = new MockActivityEnvironment(
      { workflowExecution: { workflowId, runId }, heartbeatDetails, startToCloseTimeoutMs },
      { logger: quiet },
    );
    ask.enter?.(environment);
    const { step = evidence.length, ends = [], callsMax = 4 } = ask;
    return environment.run(activities.proposeCalls, {
      context: ask.context ?? context,
      step,
      evidence,
      ends,
      callsMax,
    }) as Promise<Proposal>;
  };
  const traceOf = (hash: string) =>
    JSON.parse(blobs.get(hash) ?? 'null') as Record<string, unknown> & { absent: unknown; prompt: string };
  return { context, evidence, alertOf, read, propose, traceOf, put };
}

/** A turn of this incident as the log has it. */
const proposalRecord = (seq: number, usage: ModelUsage): SignedRecord => ({
  payload: {
    v: 1,
    seq,
    prev: 'f'.repeat(64),
    at: '2026-03-07T11:34:00.000Z',
    by: 'orchestrator',
    body: {
      kind: 'proposal',
      workflowId,
      runId,
      step: seq,
      model: 'test',
      label: null,
      calls: [],
      conclusion: null,
      trace: 'c'.repeat(64),
      usage,
    },
  },
  signer: 'recorder',
  signature: 'a'.repeat(86),
});

export const denied = (tool: string, step = 0): ActionEnd => ({
  step: { step, index: 0 },
  tool,
  end: 'denied',
  rule: 'floor.drop-table',
  detail: 'denied',
});

/** A model that says what it is told to, one thing for each attempt. */
export const saying = (...said: unknown[]): Model & { readonly complaints: string[][] } => {
  const complaints: string[][] = [];
  return {
    name: 'test',
    budget: null,
    complaints,
    draft: async (turn) => {
      complaints.push([...turn.complaints]);
      return { model: 'test', label: null, said: said[Math.min(complaints.length, said.length) - 1] };
    },
  };
};
