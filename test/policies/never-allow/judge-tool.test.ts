import { describe, expect, it } from 'vitest';
import { judgeToolCall } from '../../../policies/never-allow/judge-tool.ts';
import { loadSqlParser } from '../../../policies/sql-read.ts';

describe('a tool call', () => {
  it.each([
    ['no.suchTool', {}, 'schema.unknown-tool'],
    ['postgres.activity', { sql: 1 }, 'schema.bad-args'],
    ['postgres.query', { database: 'orders', sql: 'DROP TABLE a' }, 'floor.drop-table'],
    ['postgres.query', { database: 'orders', sql: 'UPDATE a SET b = 1' }, 'floor.not-a-read'],
  ])('denies %s with %j', async (tool, args, rule) => {
    await loadSqlParser();
    expect(judgeToolCall(tool, args)).toMatchObject({ verdict: 'deny', rule });
  });

  it('allows a tool that reads, and holds one that writes', () => {
    expect(judgeToolCall('postgres.activity', { database: 'orders' })).toMatchObject({ verdict: 'allow' });
    const target = { entity: 'backend:1', resultHash: 'a'.repeat(64) };
    expect(judgeToolCall('postgres.terminateBackend', { target })).toMatchObject({ verdict: 'require_human' });
  });
});
