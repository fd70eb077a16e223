import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { hasStack, holdpoint } from './under-test.ts';

const shipped = join(import.meta.dirname, '..', '..', 'runbooks');
const name = 'kubernetes-crash-loop-after-rollout';
const rbac = (file: string, cwd = shipped) => holdpoint(['runbook', 'rbac', file], { cwd });

describe('holdpoint runbook rbac', () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'holdpoint-rbac-'));
    const text = await readFile(join(shipped, `${name}.yaml`), 'utf8');
    await writeFile(join(dir, 'odd-name.yaml'), text.replace(`id: ${name}`, 'id: Odd.name'));
    await writeFile(join(dir, 'bad.yaml'), text.replace('quorum: 1', 'quorum: 0'));
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  it('prints the three accounts of a runbook, and Roles in its namespaces alone', async () => {
    const ran = await rbac(`${name}.yaml`);
    expect(ran).toMatchObject({ status: 0, err: '' });
    const objects = parseAllDocuments(ran.out).map((document) => document.toJS());
    const named = (kind: string) =>
      objects.filter((one) => one.kind === kind).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
    const accounts = ['read', 'predict', 'act'].map((access) => `holdpoint-${name}-${access}`);
    expect(named('ServiceAccount')).toEqual(['broker', ...accounts].map((account) => `holdpoint/${account}`));
    const broker = [`holdpoint/holdpoint-broker`, `holdpoint/holdpoint-broker-${name}`];
    expect(named('Role')).toEqual([...broker, ...accounts.map((account) => `shop/${account}`)]);
    expect(named('RoleBinding')).toEqual(named('Role'));
    expect(objects.filter(({ kind }) => kind.startsWith('Cluster'))).toEqual([]);
    const act = objects.find((one) => one.kind === 'Role' && one.metadata.name === accounts[2]);
    expect(act.rules).toContainEqual({
      apiGroups: ['apps'],
      resources: ['deployments'],
      verbs: ['patch'],
      resourceNames: ['auth-service'],
    });
  });

  it.each([
    ['a runbook of no cluster', 'postgres-blocked-by-idle-transaction.yaml', shipped, 'lists no tool of a cluster'],
    ['an id that no account can have', 'odd-name.yaml', null, 'lower-case letters'],
    ['a runbook that does not load', 'bad.yaml', null, 'RUNBOOK_INVALID'],
    ['no file', 'none.yaml', null, 'NOT_FOUND'],
  ])('prints nothing for %s', async (_what, file, at, why) => {
    const ran = await rbac(file, at ?? dir);
    expect(ran).toMatchObject({ status: 1, out: '', err: expect.stringContaining(why) });
    expect(hasStack(ran)).toBe(false);
  });
});
