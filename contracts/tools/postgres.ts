import { z } from 'zod';
import type { TypedAction } from '../typed-action.ts';
import { Name, text } from '../values.ts';
import { defineContract, type Entity, InventoryRef } from './contract.ts';

const Database = z.strictObject({ database: Name });
const databaseOf = (args: Readonly<Record<string, unknown>>) => [
  { kind: 'databases' as const, value: String(args.database) },
];
const none = () => ({});
const sql = (verb: string): TypedAction => ({
  ...{ system: 'sql', verb, object: '', names: [], modifiers: [], effect: 'read' },
});
/** A statement that does something by calling a function of Postgres. */
const calling = (name: string): readonly TypedAction[] => [
  sql('select'),
  { system: 'sql', verb: 'call', object: 'function', names: [name], modifiers: [], effect: 'write' },
];
const readOnly = {
  risk: 'read',
  actions: [sql('select')],
  effect: 'none',
  inverse: { tool: null, note: 'a read changes nothing' },
  targetKind: null,
  preconditionsOf: none,
} as const;

/** Timestamps are Postgres' own text: a JavaScript `Date` loses microseconds and would never match again. */
const PgTime = text(64).nullable();
const Count = z.number().int().min(0);

export const Backend = z.strictObject({
  pid: z.number().int().positive(),
  database: text(63).nullable(),
  user: text(63).nullable(),
  application: text(256).nullable(),
  client: text(64).nullable(),
  state: text(64).nullable(),
  waitEvent: text(128).nullable(),
  backendStart: PgTime,
  xactStart: PgTime,
  stateChange: PgTime,
  xactAgeMs: Count.nullable(),
  /** Since its state last changed: how long an active session's statement runs, or how long an idle one has been idle. */
  stateAgeMs: Count.nullable(),
  query: text(1_024).nullable(),
});

export const activity = defineContract({
  name: 'postgres.activity',
  summary: 'sessions of one database: state, age, wait event, last statement',
  ...readOnly,
  args: Database,
  result: z.strictObject({ backends: z.array(Backend).max(500), truncated: z.boolean() }),
  scopeOf: databaseOf,
});

export const locks = defineContract({
  name: 'postgres.locks',
  summary: 'locks held and awaited in one database',
  ...readOnly,
  args: Database,
  result: z.strictObject({
    locks: z
      .array(
        z.strictObject({
          pid: z.number().int(),
          type: text(64),
          relation: text(256).nullable(),
          mode: text(64),
          granted: z.boolean(),
        }),
      )
      .max(1_000),
    truncated: z.boolean(),
  }),
  scopeOf: databaseOf,
});

export const blockingTree = defineContract({
  name: 'postgres.blockingTree',
  summary: 'who blocks whom: each root blocker with the sessions that wait for it',
  ...readOnly,
  args: Database,
  result: z.strictObject({
    roots: z
      .array(
        z.strictObject({
          backend: Backend,
          blockedPids: z.array(z.number().int()).max(1_000),
          blockedCount: Count,
          longestWaitMs: Count,
        }),
      )
      .max(100),
    waiting: Count,
    truncated: z.boolean(),
  }),
  scopeOf: databaseOf,
});

export const connections = defineContract({
  name: 'postgres.connections',
  summary: 'connections used of those the server allows, by user and application, and the session that is idle longest',
  ...readOnly,
  args: Database,
  result: z.strictObject({
    used: Count,
    max: Count,
    usedPercent: Count,
    groups: z
      .array(
        z.strictObject({
          database: text(63).nullable(),
          user: text(63).nullable(),
          application: text(256).nullable(),
          state: text(64).nullable(),
          count: Count,
          longestMs: Count.nullable(),
        }),
      )
      .max(200),
    truncated: z.boolean(),
  }),
  scopeOf: databaseOf,
});

export const tableStats = defineContract({
  name: 'postgres.tableStats',
  summary: 'size, scans, dead tuples and vacuum times of the tables of one database',
  ...readOnly,
  args: Database,
  result: z.strictObject({
    tables: z
      .array(
        z.strictObject({
          table: text(256),
          bytes: Count,
          liveTuples: Count,
          deadTuples: Count,
          seqScans: Count,
          indexScans: Count,
          lastVacuum: PgTime,
          lastAnalyze: PgTime,
        }),
      )
      .max(200),
    truncated: z.boolean(),
  }),
  scopeOf: databaseOf,
});

export const indexStats = defineContract({
  name: 'postgres.indexStats',
  summary: 'size, scans and validity of the indexes of one database',
  ...readOnly,
  args: Database,
  result: z.strictObject({
    indexes: z
      .array(z.strictObject({ index: text(256), table: text(256), bytes: Count, scans: Count, valid: z.boolean() }))
      .max(200),
    truncated: z.boolean(),
  }),
  scopeOf: databaseOf,
});

const SelectText = z.strictObject({ database: Name, sql: z.string().min(1).max(8_192) });

export const explain = defineContract({
  name: 'postgres.explain',
  summary: 'the plan of one SELECT, without running it',
  ...readOnly,
  actions: [sql('explain')],
  args: SelectText,
  result: z.strictObject({ plan: z.array(text(2_048)).max(200), truncated: z.boolean() }),
  scopeOf: databaseOf,
});

export const query = defineContract({
  name: 'postgres.query',
  summary: 'one SELECT over allow-listed relations and functions, in a READ ONLY transaction',
  ...readOnly,
  args: SelectText,
  result: z.strictObject({
    columns: z.array(text(63)).max(100),
    rows: z.array(z.array(text(2_048).nullable()).max(100)).max(200),
    truncated: z.boolean(),
  }),
  scopeOf: databaseOf,
});

const Target = z.strictObject({ target: InventoryRef });
const scopeOfBackend = (_args: unknown, target: Entity | null) => [
  { kind: 'databases' as const, value: String(target?.attributes.database ?? '') },
];
const pinned = (entity: Entity) => ({
  pid: String(entity.attributes.pid),
  backendStart: String(entity.attributes.backendStart),
  xactStart: String(entity.attributes.xactStart),
});
const BackendEffect = z.strictObject({ pid: z.number().int().positive(), signalled: z.boolean() });

export const cancelBackend = defineContract({
  name: 'postgres.cancelBackend',
  summary: 'cancel the statement that one session is running; its connection stays',
  risk: 'low',
  effect: 'conditional',
  actions: calling('pg_cancel_backend'),
  inverse: { tool: null, note: 'the statement is not run again; its client may retry it' },
  targetKind: 'backend',
  args: Target,
  result: BackendEffect,
  scopeOf: scopeOfBackend,
  // The statement, not only the transaction: a later one in it is not the one that was seen.
  preconditionsOf: (entity) => ({ ...pinned(entity), stateChange: String(entity.attributes.stateChange) }),
});

export const terminateBackend = defineContract({
  name: 'postgres.terminateBackend',
  summary: 'end one session: its open transaction is rolled back and its locks are released',
  risk: 'high',
  effect: 'conditional',
  actions: calling('pg_terminate_backend'),
  inverse: { tool: null, note: 'cannot be undone: the rolled-back work has to be done again by its client' },
  targetKind: 'backend',
  args: Target,
  result: BackendEffect,
  scopeOf: scopeOfBackend,
  // Outside a transaction nothing but its last change of state tells an idle session from one that has worked since.
  preconditionsOf: (entity) =>
    entity.attributes.xactStart === null
      ? { ...pinned(entity), stateChange: String(entity.attributes.stateChange) }
      : pinned(entity),
});
