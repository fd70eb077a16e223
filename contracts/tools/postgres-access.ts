/**
 * What a Postgres login may do: each is a group role `holdpoint_<access>` (`activities/tools/postgres/roles.sql`), and a login
 * is a member of exactly one of them.
 */
export const postgresAccesses = ['monitor', 'query', 'cancel', 'terminate'] as const;
export type PostgresAccess = (typeof postgresAccesses)[number];

const byTool: Readonly<Record<string, PostgresAccess>> = {
  'postgres.activity': 'monitor',
  'postgres.locks': 'monitor',
  'postgres.blockingTree': 'monitor',
  'postgres.connections': 'monitor',
  'postgres.tableStats': 'monitor',
  'postgres.indexStats': 'monitor',
  'postgres.explain': 'query',
  'postgres.query': 'query',
  'postgres.cancelBackend': 'cancel',
  'postgres.terminateBackend': 'terminate',
};

/** What a tool needs to do its work; null for a tool that nobody listed, which then gets no login. */
export const postgresAccessOf = (tool: string): PostgresAccess | null =>
  Object.hasOwn(byTool, tool) ? (byTool[tool] ?? null) : null;

/** What finds out without doing: what a write would do, and what became of it. */
export const postgresLook: PostgresAccess = 'monitor';

/** Every role of ours begins with it; no session of such a role is ever aimed at. */
export const postgresRolePrefix = 'holdpoint_';
