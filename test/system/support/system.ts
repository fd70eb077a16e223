import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { createRecorderClient, postStatements, type RecorderClient } from '../../../activities/record/client.ts';
import type { Door } from '../../../activities/record/wire.ts';
import { openFence } from '../../../cli/connect/fence.ts';
import { type Approver, makeApprover } from '../../../cli/local/approver.ts';
import { newStatement } from '../../../cli/statements/new-statement.ts';
import { signWithSsh } from '../../../cli/statements/ssh-sign.ts';
import type { Limits } from '../../../contracts/limits.ts';
import type { Approvers, Powers } from '../../../contracts/manifest.ts';
import type { FenceScope } from '../../../contracts/queues.ts';
import type { LogRecord, RecordBody, RecordKind } from '../../../contracts/record.ts';
import type { SignedStatement, Subject } from '../../../contracts/statement.ts';
import { statementTypes } from '../../../contracts/statement.ts';
import { createSigner, type Signer } from '../../../policies/signing.ts';
import { type PaymentsPlace, preparePayments } from '../../../servers/payments/database.ts';
import { type PostgresServer, startPostgres } from '../../../servers/postgres.ts';
import { type Supervisor, startProcesses } from '../../../servers/supervisor.ts';
import {
  type ModelChoice,
  type ProcessName,
  prepareWorkspace,
  type Workspace,
  type WorkspaceOptions,
} from '../../../servers/workspace.ts';
import { freshNamespace, sharedTemporal } from '../../support/temporal.ts';

const root = join(import.meta.dirname, '..', '..', '..');
export const runbookId = 'postgres-blocked-by-idle-transaction';
export const runbookText = readFileSync(join(root, 'runbooks', `${runbookId}.yaml`), 'utf8');

export type PersonName = 'first' | 'second' | 'former' | 'outsider';
export type SystemOptions = {
  readonly only?: readonly ProcessName[];
  readonly failpoints?: Partial<Record<ProcessName, string>>;
  readonly restartOnCrash?: boolean;
  readonly model?: ModelChoice;
  readonly limits?: Partial<Limits>;
  readonly quorum?: number;
  /** Ring to waive to; null leaves the runbook in ring 0. */
  readonly ring?: 1 | 2 | null;
  /** Scopes resumed at the start; none leaves everything stopped. */
  readonly resumed?: boolean;
  readonly runbook?: string;
  /** The id in `runbook`, where that is another than the shipped one about a blocked database. */
  readonly runbookId?: string;
  /** The role of that runbook, where it is another; and the cluster that it acts on. */
  readonly role?: string;
  readonly kubernetes?: WorkspaceOptions['kubernetes'];
  readonly temporal?: { readonly address: string; readonly namespace: string };
  readonly settings?: WorkspaceOptions['settings'];
  readonly notify?: WorkspaceOptions['notify'];
};

/** One whole installation of real parts: a namespace of its own, processes, a Postgres of its own, and people with keys. */
export type System = {
  readonly dir: string;
  readonly namespace: string;
  readonly client: Client;
  readonly workspace: Workspace;
  readonly supervisor: Supervisor;
  readonly payments: PaymentsPlace;
  readonly postgres: Pick<PostgresServer, 'stop' | 'port' | 'pid'>;
  readonly people: Readonly<Record<PersonName, Approver>>;
  readonly runbookId: string;
  /** The recorder as anyone reaches it. */
  readonly door: Door;
  /** A process's own signer, as whoever took that process over would have it. */
  signerOf(name: ProcessName): Signer;
  recorderAs(name: ProcessName): RecorderClient;
  sign(subject: Subject, act?: Partial<Act>): Promise<SignedStatement>;
  resume(scope: FenceScope, person?: PersonName): Promise<string>;
  waive(ring: 1 | 2, runbookDigest: string): Promise<void>;
  parts(change?: {
    readonly approvers?: Approvers;
    readonly powers?: Powers;
    readonly runbook?: string;
    readonly limits?: Partial<Limits>;
  }): Pick<WorkspaceOptions, 'runbooks' | 'approvers' | 'powers' | 'limits'>;
  log(workflowId?: string): Promise<readonly LogRecord[]>;
  records<K extends RecordKind>(kind: K, workflowId?: string): Promise<readonly Extract<RecordBody, { kind: K }>[]>;
  handle(workflowId: string): WorkflowHandle;
  stop(): Promise<void>;
};
export type Act = {
  readonly person: PersonName;
  readonly key: PersonName;
  readonly verdict: 'approve' | 'reject';
  readonly cardDigest: string | null;
  readonly decidedAt: number;
  readonly reason: string;
};

type Undo = (() => Promise<unknown> | unknown)[];

/** Starts it; a failure half-way undoes what was started. */
export async function startSystem(options: SystemOptions = {}): Promise<System> {
  const undo: Undo = [];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    return await build(options, undo, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function build(options: SystemOptions, undo: Undo, stop: () => Promise<void>): Promise<System> {
  const dir = mkdtempSync(join(tmpdir(), 'holdpoint-system-'));
  undo.push(() => rmSync(dir, { recursive: true, force: true }));
  const temporal = options.temporal ?? { address: sharedTemporal().address, namespace: await freshNamespace() };
  const people = await makePeople(dir);
  const postgres = await startPostgres({ dir: join(dir, 'postgres') });
  undo.push(() => postgres.stop());
  const payments = await preparePayments(postgres.adminUrl);
  const id = options.runbookId ?? runbookId;
  const parts: System['parts'] = (change = {}) => ({
    runbooks: [{ file: `${id}.yaml`, text: change.runbook ?? options.runbook ?? runbookText }],
    approvers: change.approvers ?? directoryOf(people),
    powers: change.powers ?? powersOf(options.quorum ?? 1),
    limits: { ...options.limits, ...change.limits } as Limits,
  });
  const workspace = await prepareWorkspace({
    dir: join(dir, 'home'),
    mode: 'development',
    ...parts(),
    role: options.role ?? 'payments-db',
    targets: [payments.target],
    ...(options.kubernetes === undefined ? {} : { kubernetes: options.kubernetes }),
    notify: options.notify ?? [],
    ...(options.model ?? { model: 'rules' }),
    settings: { ...options.settings, recorder: { pollMs: 300, fencePollMs: 200, ...options.settings?.recorder } },
  });
  const connection = await Connection.connect({ address: temporal.address, connectTimeout: '60s' });
  undo.push(() => connection.close());
  const client = new Client({ connection, namespace: temporal.namespace });
  const supervisor = await startProcesses({
    workspace,
    temporal,
    ...(options.only === undefined ? {} : { only: options.only }),
    ...(options.failpoints === undefined ? {} : { failpoints: options.failpoints }),
    restartOnCrash: options.restartOnCrash ?? false,
  });
  undo.push(() => supervisor.stopAll());
  const system = assemble({
    dir,
    client,
    workspace,
    supervisor,
    payments,
    postgres,
    people,
    parts,
    runbookId: id,
    stop,
    namespace: temporal.namespace,
  });
  await openForBusiness(system, options);
  return system;
}

async function openForBusiness(system: System, options: SystemOptions): Promise<void> {
  if (options.resumed !== false) {
    await system.resume({ kind: 'all' });
    await system.resume({ kind: 'runbook', runbook: system.runbookId });
  }
  const digest = system.workspace.manifest.manifest.payload.entries[`runbooks/${system.runbookId}`] ?? '';
  if (options.ring !== null) await system.waive(options.ring ?? 2, digest);
}

async function makePeople(dir: string): Promise<Record<PersonName, Approver>> {
  const make = (name: PersonName) => makeApprover(`${name}@example.com`, join(dir, 'people', name));
  return {
    first: await make('first'),
    second: await make('second'),
    former: await make('former'),
    outsider: await make('outsider'),
  };
}

/** `first` and `second` are on call; `former` is known and in another group; `outsider` is not in the directory. */
export function directoryOf(people: System['people']): Approvers {
  const entry = (name: PersonName, groups: string[]) => ({
    person: people[name].person,
    groups,
    ssh: [people[name].publicLine],
  });
  return {
    v: 1,
    people: [
      entry('first', ['oncall', 'platform']),
      entry('second', ['oncall', 'platform']),
      entry('former', ['retired']),
    ],
  };
}

export function powersOf(quorum: number): Powers {
  const types = statementTypes.map((type) => [
    type,
    { groups: ['oncall'], quorum: type === 'action' ? quorum : 1, proofs: ['ssh'] },
  ]);
  return { v: 1, types: Object.fromEntries(types) as Powers['types'] };
}

type Parts = Pick<
  System,
  | 'dir'
  | 'namespace'
  | 'client'
  | 'workspace'
  | 'supervisor'
  | 'payments'
  | 'postgres'
  | 'people'
  | 'parts'
  | 'runbookId'
  | 'stop'
>;

function assemble(base: Parts): System {
  const { client, workspace, people } = base;
  const signerOf = (name: ProcessName) =>
    createSigner(name === 'executor' ? `executor.${workspace.role}` : name, workspace.secrets[name].key);
  const recorderAs = (name: ProcessName) =>
    createRecorderClient({
      url: workspace.urls.recorder,
      signer: signerOf(name),
      keys: workspace.keys,
      clock: Date.now,
    });
  const sign: System['sign'] = (subject, act = {}) => {
    const {
      person = 'first',
      key = person,
      verdict = 'approve',
      cardDigest = null,
      decidedAt = Date.now(),
      reason = 'test',
    } = act;
    return signWithSsh(
      newStatement({ subject, verdict, cardDigest, reason, person: people[person].person }, decidedAt),
      people[key].keyFile,
    );
  };
  const door = { url: workspace.urls.recorder, keys: workspace.keys };
  const post = (signed: SignedStatement) => postStatements(door, [signed]);
  const log = createLogReader(recorderAs('gateway'));
  return {
    ...base,
    door,
    signerOf,
    recorderAs,
    sign,
    log,
    resume: async (scope, person = 'first') => {
      const fenceRunId = await openFence({ client }, scope);
      await post(await sign({ type: 'resume', scope: { ...scope }, fenceRunId }, { person }));
      return fenceRunId;
    },
    waive: async (ring, digest) => {
      const until = new Date(Date.now() + 3_600_000).toISOString();
      await post(
        await sign({
          type: 'waive',
          runbook: { id: base.runbookId, digest },
          ring,
          conditions: ['dry_run_days'],
          until,
        }),
      );
    },
    records: async <K extends RecordKind>(kind: K, workflowId?: string) =>
      (await log(workflowId))
        .map(({ body }) => body)
        .filter((body): body is Extract<RecordBody, { kind: K }> => body.kind === kind),
    handle: (workflowId) => client.workflow.getHandle(workflowId),
  };
}

const pageSize = 500;

/** Reads the log as it grows: what was read once never changes, so only what is new is asked for. */
function createLogReader(recorder: RecorderClient): System['log'] {
  const read = new Map<string, LogRecord[]>();
  return async (workflow) => {
    const known = read.get(workflow ?? '') ?? [];
    read.set(workflow ?? '', known);
    for (;;) {
      const from = (known.at(-1)?.seq ?? -1) + 1;
      const page = await recorder.records({ from, limit: pageSize, ...(workflow === undefined ? {} : { workflow }) });
      // Somebody else may have read the same page meanwhile.
      for (const { payload } of page) if (payload.seq > (known.at(-1)?.seq ?? -1)) known.push(payload);
      if (page.length < pageSize) return [...known];
    }
  };
}

/** Waits until `look` answers something; fails with what it was waiting for. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  forMs = 15_000,
): Promise<T> {
  const until = Date.now() + forMs;
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    if (Date.now() > until) throw new Error(`expected within ${forMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
