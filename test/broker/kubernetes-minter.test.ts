import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppsV1Api, CoreV1Api, RbacAuthorizationV1Api } from '@kubernetes/client-node';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKubernetesMinter } from '../../activities/identity/kubernetes-minter.ts';
import { createLedger } from '../../activities/identity/ledger.ts';
import { CredentialRequest } from '../../contracts/broker-api.ts';
import type { Entity } from '../../contracts/tools/contract.ts';
import {
  kubernetesAccesses,
  kubernetesNeedsOf,
  accountsNamespace as namespace,
} from '../../contracts/tools/kubernetes-access.ts';
import { toolRegistry } from '../../contracts/tools/registry.ts';
import { renderManifests, runbookManifests } from '../../policies/kubernetes-rbac.ts';
import { parseRunbook } from '../../policies/runbook.ts';
import { loadSqlParser } from '../../policies/sql-read.ts';
import { until } from '../../servers/child.ts';
import { type Brokered, brokerIn, mintFor, runbookOfAll, tokenIn } from '../executor/support/cluster.ts';
import { freshId } from '../executor/support/database.ts';
import { type ClusterWorld, isKnown, openCluster, refusalOf } from '../support/kubernetes.ts';
import { describeWith } from '../support/skips.ts';

const kubernetesTools = [...toolRegistry.values()].filter(({ name }) => name.startsWith('k8s.'));
const object = (id: string) => ({ namespace, name: `holdpoint-c-${id}` });
const scale = { namespace: 'web', name: 'web', body: [{ op: 'replace', path: '/spec/replicas', value: 9 }] };

let world: ClusterWorld;
let brokered: Brokered;

const clientsOf = (token: string) => {
  const as = world.cluster.as(token);
  return {
    core: as.makeApiClient(CoreV1Api),
    apps: as.makeApiClient(AppsV1Api),
    rbac: as.makeApiClient(RbacAuthorizationV1Api),
  };
};
const clientsFor = async (access: 'read' | 'predict' | 'act', runbook = 'web') =>
  clientsOf(tokenIn(await mintFor(brokered, runbook, access)));
const refusedAll = async (calls: readonly (() => Promise<unknown>)[]) => {
  for (const call of calls) expect((await refusalOf(call())).code, String(call)).toBe(403);
};

describeWith('kubernetes', 'a token that is made for one call', () => {
  beforeAll(async () => {
    await loadSqlParser();
    world = await openCluster();
    await Promise.all(['web', 'other'].map(world.namespace));
    const all = runbookOfAll('web');
    const looks = all.tools.filter(({ tool }) => tool === 'k8s.logs');
    await brokerIn(world, { ...all, id: 'only-logs', tools: looks });
    brokered = await brokerIn(world, all);
    await Promise.all(['web', 'other'].map((place) => world.deploy(place, 'web')));
  }, 120_000);
  afterAll(() => world?.close());

  it('lasts ten minutes, and is bound to an empty object that says whose it is', async () => {
    const id = freshId();
    const credential = await mintFor(brokered, 'web', 'act', id);
    expect(credential).toMatchObject({ system: 'kubernetes', cluster: 'shop', access: 'act' });
    const claims = decodeJwt(tokenIn(credential));
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(600);
    expect(claims.sub).toBe('system:serviceaccount:holdpoint:holdpoint-web-act');
    expect(claims['kubernetes.io']).toMatchObject({ secret: { name: object(id).name } });
    const { metadata, data, type } = await world.core.readNamespacedSecret(object(id));
    expect({ data, type, note: metadata?.annotations?.['holdpoint.dev/note'] }).toEqual({
      data: undefined,
      type: 'holdpoint.dev/credential',
      note: 'a test',
    });
  });

  it('ends with that object when it is withdrawn, and once more does no harm', async () => {
    const id = freshId();
    const token = tokenIn(await mintFor(brokered, 'web', 'act', id));
    expect(await brokered.minter.issued('shop')).toContain(id);
    await brokered.minter.withdraw('shop', id);
    await brokered.minter.withdraw('shop', id);
    expect(await brokered.minter.issued('shop')).not.toContain(id);
    const gone = async () => ((await isKnown(world.cluster.admin, token)) ? null : true);
    await until(gone, { forMs: 5_000, late: () => new Error('the token outlived its object') });
  });

  it('is withdrawn when it is found, and nobody knows of it any more', async () => {
    const [id, other] = [freshId(), 'kept'];
    await mintFor(brokered, 'web', 'read', id);
    await world.core.createNamespacedSecret({ namespace, body: { metadata: { name: other } } });
    const log = { info: () => undefined, warn: () => undefined };
    await createLedger({ log, failpoint: () => undefined }).sweep(brokered.minter);
    expect(await brokered.minter.issued('shop')).toEqual([]);
    const { items } = await world.core.listNamespacedSecret({ namespace });
    expect(items.map(({ metadata }) => metadata?.name)).toEqual([other]);
  });

  it('does in its own namespace what it is for, and nothing in another', async () => {
    const [read, predict, act] = [await clientsFor('read'), await clientsFor('predict'), await clientsFor('act')];
    await read.core.listNamespacedPod({ namespace: 'web' });
    await predict.apps.patchNamespacedDeployment({ ...scale, dryRun: 'All' });
    await refusedAll([
      () => read.apps.patchNamespacedDeployment(scale),
      () => read.core.listNamespacedPod({ namespace: 'other' }),
      () => read.core.listNamespacedPod({ namespace }),
      () => predict.apps.patchNamespacedDeployment(scale),
      () => act.apps.patchNamespacedDeployment({ ...scale, namespace: 'other' }),
      () => act.apps.deleteNamespacedDeployment({ namespace: 'web', name: 'web' }),
      () => act.core.listNode(),
      ...[read, predict, act].flatMap(({ core }) => [
        () => core.listNamespacedSecret({ namespace: 'web' }),
        () => core.listNamespacedSecret({ namespace }),
        () => core.listNamespacedConfigMap({ namespace: 'web' }),
      ]),
    ]);
    await act.apps.patchNamespacedDeployment(scale);
  });

  it('has none of the verbs of another runbook', async () => {
    const [read, act] = [await clientsFor('read', 'only-logs'), await clientsFor('act', 'only-logs')];
    await read.core.listNamespacedPod({ namespace: 'web' });
    await refusedAll([
      () => read.core.listNamespacedEvent({ namespace: 'web' }),
      () => read.core.readNode({ name: 'node-1' }),
      () => act.apps.readNamespacedDeployment({ namespace: 'web', name: 'web' }),
      () => act.apps.patchNamespacedDeployment(scale),
      () => act.core.patchNode({ name: 'node-1', body: [{ op: 'add', path: '/spec/unschedulable', value: true }] }),
    ]);
  });

  it('is had for no account that was never made, and the object that was made for it is found', async () => {
    const id = freshId();
    await expect(mintFor(brokered, 'unknown', 'read', id)).rejects.toMatchObject({ code: 'TARGET_REFUSED' });
    expect(await brokered.minter.issued('shop')).toContain(id);
    await brokered.minter.withdraw('shop', id);
  });

  it('is not made while the cluster is away', async () => {
    const away = createKubernetesMinter([{ ...brokered.target, url: 'https://127.0.0.1:1' }]);
    await expect(mintFor({ ...brokered, minter: away }, 'web', 'read')).rejects.toMatchObject({ code: 'TARGET_AWAY' });
    await expect(away.withdraw('shop', freshId())).rejects.toMatchObject({ code: 'TARGET_AWAY' });
    await expect(away.issued('shop')).rejects.toMatchObject({ code: 'TARGET_AWAY' });
    await expect(away.withdraw('elsewhere', freshId())).rejects.toMatchObject({ code: 'TARGET_REFUSED' });
  });

  describe('by a broker that', () => {
    const broker = () => clientsOf(brokered.target.mintToken);
    const tokenOf = (name: string, expirationSeconds = 600, place = namespace) =>
      broker().core.createNamespacedServiceAccountToken({
        namespace: place,
        name,
        body: { spec: { audiences: [], expirationSeconds } },
      });

    it('can neither act nor look, here or elsewhere', async () => {
      const { core, apps, rbac } = broker();
      await refusedAll([
        () => apps.patchNamespacedDeployment(scale),
        () => core.listNamespacedPod({ namespace: 'web' }),
        () => core.listNamespacedSecret({ namespace: 'web' }),
        () => core.listSecretForAllNamespaces(),
        () => core.readNamespacedSecret({ namespace, name: 'kept' }),
        () => core.createNamespacedServiceAccount({ namespace, body: { metadata: { name: 'holdpoint-x-act' } } }),
        () => rbac.createNamespacedRole({ namespace: 'web', body: { metadata: { name: 'mine' }, rules: [] } }),
      ]);
    });

    it('gets no token of another account, and none that is longer', async () => {
      await world.core.createNamespacedServiceAccount({ namespace, body: { metadata: { name: 'holdpoint-x-act' } } });
      await refusedAll([
        () => tokenOf('holdpoint-x-act'),
        () => tokenOf('broker'),
        () => tokenOf('default'),
        () => tokenOf('default', 600, 'kube-system'),
        () => tokenOf('holdpoint-web-act', 601),
        () => tokenOf('holdpoint-web-act', 86_400),
      ]);
    });

    it('makes no Secret that the cluster would fill with a token without end, and deletes none of others', async () => {
      const { core } = broker();
      const name = 'kubernetes.io/service-account.name';
      const make =
        (type: string, more: object = {}) =>
        () =>
          core.createNamespacedSecret({
            namespace,
            body: { metadata: { name: 'planted', annotations: { [name]: 'holdpoint-web-act' } }, type, ...more },
          });
      await world.core.createNamespacedSecret({ namespace, body: { metadata: { name: 'of-others' } } });
      await refusedAll([
        make('kubernetes.io/service-account-token'),
        make('Opaque'),
        make('holdpoint.dev/credential', { data: { a: 'Yg==' } }),
        make('holdpoint.dev/credential', { stringData: { a: 'b' } }),
        () => core.deleteNamespacedSecret({ namespace, name: 'of-others' }),
      ]);
    });
  });
});

describe('who a call is in a cluster', () => {
  const minter = createKubernetesMinter([
    { cluster: 'shop', url: 'https://k.example.com', ca: 'pem', mintToken: 't'.repeat(20) },
  ]);

  it.each(kubernetesTools.map(({ name }) => name))('is known for %s, and the least that does it', (tool) => {
    const isRead = toolRegistry.get(tool)?.risk === 'read';
    expect(minter.accessOf('write', tool, 'web')).toBe(`holdpoint-web-${isRead ? 'read' : 'act'}`);
    for (const kind of ['predict', 'observe'] as const)
      expect(minter.accessOf(kind, tool, 'web')).toBe(`holdpoint-web-${isRead ? 'read' : 'predict'}`);
    const needs = kubernetesAccesses.flatMap((access) => kubernetesNeedsOf(access, tool));
    expect(needs.length).toBeGreaterThan(0);
    expect(JSON.stringify(needs)).not.toMatch(/secret|configmap|delete|exec|\*/i);
  });

  it.each(['a.b', 'Web', 'web_1', '-web', 'web-', '', 'a'.repeat(64)])('is nobody for a runbook called `%s`', (id) => {
    expect(() => minter.accessOf('read', 'k8s.pods', id)).toThrow('no account can be named');
    expect(() => runbookManifests({ ...parsedShipped(), id })).toThrow('lower-case letters');
  });

  it('is nobody for a tool that nobody listed, and for scopes of another system', () => {
    expect(() => minter.accessOf('write', 'k8s.deleteEverything', 'web')).toThrow('expected a tool of a cluster');
    expect(() => minter.placeOf([{ kind: 'databases', value: 'payments' }])).toThrow('one cluster');
    expect(() => createKubernetesMinter([]).placeOf([{ kind: 'namespaces', value: 'web' }])).toThrow('one cluster');
  });

  it.each(kubernetesTools.map(({ name }) => name))('can be asked for with the scopes of %s', (tool) => {
    const attributes = { namespace: 'web', deployment: 'web', node: 'node-1', to: 3 };
    const entity: Entity = { kind: 'any', id: 'any/1', attributes };
    const scopes = toolRegistry.get(tool)?.scopeOf({ namespace: 'web', node: 'node-1' }, entity);
    const place = { workflowId: 'incident/a/1', runId: '11111111-2222-4333-8444-555555555555' };
    const asked = { kind: 'predict', v: 1, ...place, tool, scopes, sealTo: 'a'.repeat(43) };
    expect(CredentialRequest.safeParse(asked).success).toBe(true);
    expect(minter.placeOf(scopes ?? [])).toBe('shop');
  });

  it('is of the whole cluster for single nodes alone, and the manifest says why', () => {
    const manifests = runbookManifests(runbookOfAll('web'));
    const wide = manifests.filter(({ kind, metadata }) => kind === 'ClusterRole' || !('namespace' in metadata));
    expect([...new Set(wide.map(({ kind }) => kind))]).toEqual(['Namespace', 'ClusterRole', 'ClusterRoleBinding']);
    for (const role of wide.filter(({ kind }) => kind === 'ClusterRole')) {
      expect(role.metadata.annotations?.['holdpoint.dev/why']).toContain('nodes are in no namespace');
      for (const rule of role.rules as { resources: string[]; resourceNames: string[] }[])
        expect(rule).toMatchObject({ resources: ['nodes'], resourceNames: ['node-1', 'node-2'] });
    }
    const text = renderManifests(runbookManifests(parsedShipped()));
    expect(text).not.toMatch(/ClusterRole|\*/);
    expect(text).toContain('resourceNames:\n      - auth-service');
  });
});

const file = join(import.meta.dirname, '..', '..', 'runbooks', 'kubernetes-crash-loop-after-rollout.yaml');
const parsedShipped = () => parseRunbook(readFileSync(file, 'utf8'), 'runbook').runbook;
