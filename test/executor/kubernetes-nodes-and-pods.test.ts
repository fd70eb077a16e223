import { PolicyV1Api } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Entity } from '../../contracts/tools/contract.ts';
import { describeWith } from '../support/skips.ts';
import { aimAt, entityOf, fire, inTime, markOf, openScene, type Scene, signal } from './support/cluster.ts';

const settleMs = 20_000;
let scene: Scene;

beforeAll(async () => {
  scene = await openScene();
}, 120_000);
afterAll(() => scene?.close());

async function podOf(name: string): Promise<Entity> {
  const { entities } = await scene.read('k8s.pods', { namespace: scene.namespace, deployment: name });
  const [pod] = entities;
  if (pod === undefined) throw new Error(`expected a pod of ${name}`);
  return pod;
}
async function deployed(name: string): Promise<Entity> {
  await scene.world.deploy(scene.namespace, name, { replicas: 2 });
  await scene.world.rolledOut(scene.namespace, name);
  return podOf(name);
}
const podsOf = async (app: string): Promise<(string | undefined)[]> => {
  const { items } = await scene.world.core.listNamespacedPod({ ...scene, labelSelector: `app=${app}` });
  return items.map(({ metadata }) => metadata?.uid);
};

describeWith('kubernetes', 'k8s.evictPod', () => {
  const tool = () => scene.write('k8s.evictPod');

  it('ends exactly the pod that was seen, once, and its deployment makes another', async () => {
    const pod = await deployed('evicted');
    const aim = aimAt(tool(), pod);
    const before = await podsOf('evicted');
    expect(await tool().predict(aim)).toMatchObject({ dryRun: true });
    expect((await podsOf('evicted')).sort()).toEqual([...before].sort());
    expect(await fire(tool(), aim)).toMatchObject({ status: 'done' });
    expect(await tool().postcondition(aim, settleMs, signal)).toMatchObject({ held: true });
    await scene.world.rolledOut(scene.namespace, 'evicted');
    const after = await podsOf('evicted');
    expect(after).toHaveLength(2);
    expect(before.filter((uid) => !after.includes(uid))).toEqual([pod.attributes.uid]);
    expect(await fire(tool(), aim)).toMatchObject({ status: 'moved' });
    expect((await podsOf('evicted')).sort()).toEqual(after.sort());
  });

  it('has no effect on a pod that changed since it was seen', async () => {
    const pod = await deployed('changed');
    const aim = aimAt(tool(), pod);
    const armed = await tool().arm(aim, signal);
    const body = [{ op: 'add', path: '/metadata/labels/seen', value: 'later' }];
    await scene.world.core.patchNamespacedPod({ ...scene, name: String(pod.attributes.pod), body });
    expect(await armed.fire(inTime, signal)).toMatchObject({ status: 'moved' });
    await armed.disarm();
    await expect(tool().predict(aim)).rejects.toMatchObject({ code: 'TARGET_MOVED' });
    expect(await podsOf('changed')).toContain(pod.attributes.uid);
  });

  it('keeps to a disruption budget', async () => {
    const pod = await deployed('budgeted');
    const spec = { minAvailable: 2, selector: { matchLabels: { app: 'budgeted' } } };
    const policy = scene.world.cluster.admin.makeApiClient(PolicyV1Api);
    await policy.createNamespacedPodDisruptionBudget({ ...scene, body: { metadata: { name: 'budgeted' }, spec } });
    const aim = aimAt(tool(), pod);
    await expect(tool().predict(aim)).rejects.toMatchObject({ code: 'TARGET_REFUSED' });
    expect(await fire(tool(), aim)).toMatchObject({ status: 'refused' });
    expect(await podsOf('budgeted')).toContain(pod.attributes.uid);
  });

  it.each(['late', 'cancelled'])('has no effect when it is %s', async (how) => {
    const pod = await podOf('changed').catch(() => deployed('changed'));
    const late = () => ({ startBefore: '', leftMs: 0 });
    const armed = await tool().arm(aimAt(tool(), pod), signal);
    const abort = how === 'cancelled' ? AbortSignal.abort() : signal;
    expect(await armed.fire(how === 'late' ? late : inTime, abort)).toMatchObject({ status: 'failed' });
    await armed.disarm();
    expect(await podsOf('changed')).toContain(pod.attributes.uid);
  });
});

describeWith('kubernetes', 'k8s.cordonNode and its inverse', () => {
  const seen = async (node: string): Promise<Entity> => entityOf(await scene.read('k8s.node', { node }), 'node');
  const stored = (name: string) => scene.world.core.readNode({ name });

  it('keep new pods off a node and let them onto it again, each once', async () => {
    const cordon = scene.write('k8s.cordonNode');
    const aim = aimAt(cordon, await seen('node-1'));
    const predicted = await cordon.predict(aim);
    expect(predicted).toMatchObject({ dryRun: true, changes: ['takes new pods: yes becomes no'] });
    expect((await stored('node-1')).spec?.unschedulable ?? false).toBe(false);
    expect(await fire(cordon, aim)).toMatchObject({ status: 'done', result: { changed: true } });
    expect(await cordon.postcondition(aim, 1_000, signal)).toMatchObject({ held: true });
    expect(await fire(cordon, aim)).toMatchObject({ status: 'done', result: { changed: false } });
    const cordoned = await seen('node-1');
    expect(cordoned.attributes).toMatchObject({ unschedulable: true, cordonedByHoldpoint: true });
    const uncordon = scene.write(cordon.contract.inverse.tool ?? '');
    const back = aimAt(uncordon, cordoned, markOf('b'));
    expect(await fire(uncordon, back)).toMatchObject({ status: 'done' });
    expect(await uncordon.postcondition(back, 1_000, signal)).toMatchObject({ held: true });
    expect((await stored('node-1')).spec?.unschedulable ?? false).toBe(false);
    expect(uncordon.contract.inverse.tool).toBe(cordon.contract.name);
  });

  it('have no effect on a node that somebody else cordoned meanwhile', async () => {
    const tool = scene.write('k8s.cordonNode');
    // Without any annotation a node is pinned by its resource version, and this would prove nothing.
    const noted = [{ op: 'add', path: '/metadata/annotations', value: { noted: 'before' } }];
    await scene.world.core.patchNode({ name: 'node-2', body: noted });
    const aim = aimAt(tool, await seen('node-2'));
    const armed = await tool.arm(aim, signal);
    const body = [{ op: 'add', path: '/spec/unschedulable', value: true }];
    await scene.world.core.patchNode({ name: 'node-2', body });
    expect(await armed.fire(inTime, signal)).toMatchObject({ status: 'moved' });
    await armed.disarm();
    expect((await seen('node-2')).attributes).toMatchObject({ unschedulable: true, cordonedByHoldpoint: false });
  });
});
