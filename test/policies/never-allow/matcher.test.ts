import { beforeAll, describe, expect, it } from 'vitest';
import { judgeCommand, judgeSqlText } from '../../../policies/never-allow/judge-command.ts';
import { judgeToolCall } from '../../../policies/never-allow/judge-tool.ts';
import { compileEntries, forbidsBy } from '../../../policies/never-allow/matcher.ts';
import { loadSqlParser } from '../../../policies/sql-read.ts';

beforeAll(loadSqlParser);

const forbids = (...entries: string[]) => {
  const compiled = compileEntries(entries);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.faults));
  return [forbidsBy(compiled.matchers)];
};
const faultOf = (entry: string) => {
  const compiled = compileEntries(['DROP TABLE', entry]);
  return compiled.ok ? null : compiled.faults[0];
};

/** An entry, a text that it forbids however it is spelled, and one that it says nothing of. */
const lists: readonly [entry: string, forbidden: string, other: string][] = [
  ['kubectl delete pod', 'sudo kubectl -n a delete po/x', 'kubectl delete svc x'],
  ['kubectl delete pvc', "bash -c 'kubectl delete persistentvolumeclaims a'", 'kubectl delete pod x'],
  ['kubectl delete', 'kubectl delete cm x', 'kubectl drain n'],
  ['kubectl drain', 'kubectl drain node-3 --force', 'kubectl cordon node-3'],
  ['kubectl scale deployment', 'kubectl scale deploy/web --replicas=1', 'kubectl scale sts/web --replicas=1'],
  ['helm rollback', 'helm -n a rollback web 1', 'helm upgrade web x'],
  ['terraform apply', 'tofu apply -auto-approve', 'terraform taint x'],
  ['docker system prune', 'docker system prune -af', 'docker image prune'],
  ['psql -c "TRUNCATE"', 'psql -c "TRUNCATE orders"', 'psql -c "VACUUM orders"'],
];

describe('a never_allow list', () => {
  it.each(lists.slice(0, -1))('forbids %j in every spelling, such as %j', (entry, text, other) => {
    expect(judgeCommand(text).verdict).toBe('require_human');
    expect(judgeCommand(text, forbids(entry))).toMatchObject({ verdict: 'deny', rule: 'runbook.never-allow' });
    expect(judgeCommand(other, forbids(entry)).rule).toBe('write.held');
  });

  it.each([
    ['TRUNCATE', 'TRUNCATE orders', 'DELETE FROM orders'],
    ['truncate table', 'truncate a, b cascade', 'VACUUM a'],
    ['DELETE FROM', 'WITH d AS (DELETE FROM a RETURNING *) SELECT * FROM d', 'INSERT INTO a VALUES (1)'],
    ['DROP INDEX', 'DROP INDEX CONCURRENTLY a', 'REINDEX TABLE a'],
    ['VACUUM', 'VACUUM FULL orders', 'UPDATE a SET b = 1'],
    ['CREATE INDEX', 'CREATE INDEX ON a (b)', 'CREATE TABLE a (b int)'],
    ['UPDATE', 'UPDATE a SET b = 1', 'INSERT INTO a VALUES (1)'],
    ['INSERT INTO', 'INSERT INTO a VALUES (1)', 'UPDATE a SET b = 1'],
    ['ALTER SYSTEM', "ALTER SYSTEM SET work_mem = '1GB'", 'UPDATE a SET b = 1'],
  ])('forbids the statement %j in %j', (entry, text, other) => {
    expect(judgeSqlText(text, forbids(entry))).toMatchObject({ verdict: 'deny', rule: 'runbook.never-allow' });
    expect(judgeSqlText(other, forbids(entry)).rule).not.toBe('runbook.never-allow');
  });

  it('forbids a tool by its name', () => {
    const args = { target: { entity: 'backend:1', resultHash: 'a'.repeat(64) } };
    expect(judgeToolCall('postgres.terminateBackend', args).verdict).toBe('require_human');
    const list = forbids('postgres.terminateBackend');
    expect(judgeToolCall('postgres.terminateBackend', args, list).rule).toBe('runbook.never-allow');
  });

  it('can forbid a read', () => {
    expect(judgeCommand('kubectl get secrets', forbids('kubectl get secret')).rule).toBe('runbook.never-allow');
  });

  it('takes an action that may be on anything for the one that is listed', () => {
    expect(judgeCommand('kubectl apply -f x', forbids('kubectl apply configmap')).verdict).toBe('deny');
  });

  it('never lowers the floor', () => {
    expect(judgeCommand('kubectl delete deploy x', forbids('kubectl delete deploy')).rule).toMatch(/^floor\./);
  });
});

describe('an entry that cannot be compiled', () => {
  it.each([
    ['', 'expected a tool, a command'],
    ['no.suchTool', 'no tool is named'],
    ['frobnicate all', 'expected a tool, a command of a listed program or an SQL statement'],
    ['DROP', 'expected a tool, a command'],
    ['DROP TABEL', 'expected a tool, a command'],
    ['kubectl delete $KIND', 'expected words that are literal'],
    ['kubectl delete pod && true', 'expected one command'],
    ['kubectl delete pod; kubectl get pod', 'expected one command'],
    ['kubectl delete "pod', 'unterminated'],
    ['kubectl delete pod x', 'names one'],
    ['DROP TABLE users', 'names one'],
    ['sudo', 'expected a command that does something'],
  ])('refuses %j', (entry, reason) => {
    expect(faultOf(entry)).toMatchObject({ index: 1, reason: expect.stringContaining(reason) });
  });

  it.each([
    ['kubectl delete $KIND', 15],
    ['kubectl delete pod x', 19],
    ['kubectl get pod; true', 17],
    ['DROP TABLE users', 11],
  ])('says where in %j', (entry, offset) => expect(faultOf(entry)?.offset).toBe(offset));
});
