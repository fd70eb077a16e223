import type { TypedAction } from '../typed-action.ts';
import type { Argument } from './functions.ts';

/**
 * What each statement of Postgres does, by its parse node. Canonical names of system `sql`: `verb` is the statement's first
 * word (`select`, `insert`, `drop`, `call`, …), `object` the kind of thing it is done to (`table`, `schema`, `function`,
 * …), '' where the verb has none. Modifiers: `cascade`, and `tables` on a drop that takes tables along without naming them
 * (a schema or a database, all that a role owns).
 */
export type Node = Readonly<Record<string, unknown>>;

export const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const table = (text: string): ReadonlyMap<string, readonly [string, string]> =>
  new Map(
    text
      .trim()
      .split('\n')
      .map((line) => {
        const [tag = '', verb = '', object = ''] = line.trim().split(' ');
        return [tag, [verb, object]];
      }),
  );

/** Statements that change nothing by themselves; what they hold inside is judged too. */
const reads = table(`
  SelectStmt select
  VariableShowStmt show
  ExplainStmt explain
  DeclareCursorStmt declare cursor
  FetchStmt fetch
  ClosePortalStmt close
  PrepareStmt prepare
  ReturnStmt return
`);

const writes = table(`
  InsertStmt insert
  UpdateStmt update
  DeleteStmt delete
  MergeStmt merge
  TruncateStmt truncate table
  CallStmt call procedure
  DoStmt do
  ExecuteStmt execute
  DeallocateStmt deallocate
  VariableSetStmt set
  DiscardStmt discard
  ConstraintsSetStmt set constraints
  TransactionStmt transaction
  LockStmt lock table
  NotifyStmt notify
  ListenStmt listen
  UnlistenStmt unlisten
  LoadStmt load library
  CheckPointStmt checkpoint
  VacuumStmt vacuum
  ClusterStmt cluster
  ReindexStmt reindex
  RefreshMatViewStmt refresh materialized-view
  CreateStmt create table
  CreateTableAsStmt create table
  CreateForeignTableStmt create foreign-table
  CreateSchemaStmt create schema
  CreatedbStmt create database
  CreateExtensionStmt create extension
  CreateFunctionStmt create function
  CreateTrigStmt create trigger
  CreateEventTrigStmt create event-trigger
  CreateRoleStmt create role
  CreateSeqStmt create sequence
  CreateDomainStmt create domain
  CreateEnumStmt create type
  CreateRangeStmt create type
  CompositeTypeStmt create type
  DefineStmt create type
  CreateOpClassStmt create operator-class
  CreateOpFamilyStmt create operator-family
  CreateCastStmt create cast
  CreateConversionStmt create conversion
  CreateTransformStmt create transform
  CreatePLangStmt create language
  CreateAmStmt create access-method
  CreateFdwStmt create foreign-data-wrapper
  CreateForeignServerStmt create server
  CreateUserMappingStmt create user-mapping
  CreatePolicyStmt create policy
  CreatePublicationStmt create publication
  CreateSubscriptionStmt create subscription
  CreateStatsStmt create statistics
  CreateTableSpaceStmt create tablespace
  IndexStmt create index
  ViewStmt create view
  RuleStmt create rule
  ImportForeignSchemaStmt import foreign-schema
  AlterTableStmt alter table
  AlterTableMoveAllStmt alter table
  AlterTableSpaceOptionsStmt alter tablespace
  AlterDomainStmt alter domain
  AlterEnumStmt alter type
  AlterTypeStmt alter type
  AlterCollationStmt alter collation
  AlterFunctionStmt alter function
  AlterSeqStmt alter sequence
  AlterRoleStmt alter role
  AlterRoleSetStmt alter role
  AlterDatabaseStmt alter database
  AlterDatabaseSetStmt alter database
  AlterDatabaseRefreshCollStmt alter database
  AlterSystemStmt alter system
  AlterExtensionStmt alter extension
  AlterExtensionContentsStmt alter extension
  AlterFdwStmt alter foreign-data-wrapper
  AlterForeignServerStmt alter server
  AlterUserMappingStmt alter user-mapping
  AlterPolicyStmt alter policy
  AlterPublicationStmt alter publication
  AlterSubscriptionStmt alter subscription
  AlterStatsStmt alter statistics
  AlterOperatorStmt alter operator
  AlterOpFamilyStmt alter operator-family
  AlterTSDictionaryStmt alter text-search
  AlterTSConfigurationStmt alter text-search
  AlterEventTrigStmt alter event-trigger
  AlterObjectDependsStmt alter object
  AlterObjectSchemaStmt alter object
  AlterOwnerStmt alter object
  AlterDefaultPrivilegesStmt alter default-privileges
  RenameStmt rename
  ReplicaIdentityStmt alter table
  GrantStmt grant
  GrantRoleStmt grant role
  CommentStmt comment
  SecLabelStmt label
  ReassignOwnedStmt reassign owned
  DropRoleStmt drop role
  DropTableSpaceStmt drop tablespace
  DropUserMappingStmt drop user-mapping
  DropSubscriptionStmt drop subscription
`);

/** Kinds that tables live in or are made of: with CASCADE the tables go too. */
const holders: ReadonlySet<string> = new Set(['schema', 'foreign-server', 'fdw', 'access-method', 'type', 'extension']);

/**
 * The action that a statement is by itself, without what it holds inside; null for a node that is no statement, and
 * 'unknown' for a statement that this list does not know.
 */
export function actionOf(tag: string, node: Node): TypedAction | 'unknown' | null {
  const names = namesOf(node);
  if (tag === 'DropStmt') return drop(node, names);
  if (tag === 'DropdbStmt') return write('drop', 'database', [String(node.dbname ?? '')], ['tables']);
  if (tag === 'DropOwnedStmt') return write('drop', 'owned', names, ['tables']);
  // COPY … TO STDOUT sends rows to the client; a file or a program is the server's.
  if (tag === 'CopyStmt') {
    if (node.is_from !== true && node.filename === undefined) return read('copy', '', names);
    return write('copy', node.is_program === true ? 'program' : '', names, []);
  }
  const found = reads.get(tag);
  if (found !== undefined) return read(found[0], found[1], names);
  const change = writes.get(tag);
  if (change !== undefined)
    return write(change[0], change[1], names, node.behavior === 'DROP_CASCADE' ? ['cascade'] : []);
  return /^[A-Z]\w*Stmt$/.test(tag) ? 'unknown' : null;
}

export const read = (verb: string, object: string, names: readonly string[]): TypedAction => ({
  ...{ system: 'sql', verb, object, names, modifiers: [], effect: 'read' },
});
export const write = (
  verb: string,
  object: string,
  names: readonly string[],
  modifiers: readonly string[],
): TypedAction => ({ system: 'sql', verb, object, names, modifiers, effect: 'write' });

function drop(node: Node, names: readonly string[]): TypedAction {
  const kind = String(node.removeType ?? '')
    .replace(/^OBJECT_/, '')
    .toLowerCase()
    .replaceAll('_', '-');
  const cascade = node.behavior === 'DROP_CASCADE' ? ['cascade'] : [];
  if (kind === 'table' || kind === 'foreign-table') return write('drop', 'table', names, cascade);
  const takesTables = cascade.length > 0 && holders.has(kind);
  return write('drop', kind, names, takesTables ? [...cascade, 'tables'] : cascade);
}

const namesMax = 16;

/** What a statement names as its target, for people to read. */
function namesOf(node: Node): readonly string[] {
  const listed = [node.relation, ...asList(node.relations), ...asList(node.objects), ...asList(node.roles)];
  return listed
    .slice(0, namesMax)
    .map(nameOf)
    .filter((name) => name !== '');
}

function nameOf(target: unknown): string {
  if (!isNode(target)) return '';
  if (typeof target.relname === 'string')
    return [target.catalogname, target.schemaname, target.relname].filter(isText).join('.');
  if (typeof target.rolename === 'string') return target.rolename;
  if (typeof target.sval === 'string') return target.sval;
  const inner = target.RangeVar ?? target.RoleSpec ?? target.String;
  if (inner !== undefined) return nameOf(inner);
  const list = [target.List, target.TypeName, target.ObjectWithArgs].find(isNode);
  const parts = asList(list?.items ?? list?.names ?? list?.objname);
  return parts
    .map((part) => (isNode(part) && isNode(part.String) ? nameOf(part.String) : ''))
    .filter(isText)
    .join('.');
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
export const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export const textOfString = (node: unknown): string =>
  isNode(node) && isNode(node.String) && typeof node.String.sval === 'string' ? node.String.sval : '';

/** The value of a constant text or truth value, also behind a cast that keeps a text whole; null for everything else. */
export function constantOf(node: unknown): Argument {
  if (!isNode(node)) return null;
  if (isNode(node.TypeCast)) return keepsText(node.TypeCast.typeName) ? constantOf(node.TypeCast.arg) : null;
  const constant = node.A_Const;
  if (!isNode(constant)) return null;
  if (isNode(constant.boolval)) return constant.boolval.boolval === true;
  return isNode(constant.sval) ? String(constant.sval.sval ?? '') : null;
}

const keepsText = (type: unknown): boolean =>
  isNode(type) &&
  type.typmods === undefined &&
  ['text', 'varchar', 'bool'].includes(textOfString(asList(type.names).at(-1)));
