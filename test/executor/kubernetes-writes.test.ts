import { AppsV1Api } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Aim } from '../../activities/tools/implement.ts';
import type { Entity } from '../../contracts/tools/contract.ts';
import { crashingImage } from '../support/kubernetes.ts';
import { describeWith } from '../support/skips.ts';
import { aimAt, entityOf, fire, inTime, markOf, openScene, type Scene, signal, writeOf } from './support/cluster.ts';

const newImage = 'registry.example.com/shop/web:2.0.0';
const settleMs = 20_000;
let scene: Scene;

beforeAll(async () => {
  scene = await openScene();
}, 120_000);
afterAll(() => scene?.close());

const deployed = async (name: string, replicas = 2): Promise<Entity> => {
  await scene.world.deploy(scene.namespace, name, { replicas });
  await scene.world.rolledOut(scene.namespace, name);
  return seen(name);
};
const at = (name: string) => ({ namespace: scene.namespace, deployment: name });
const seen = async (name: string): Promise<Entity> =>
  entityOf(await scene.read('k8s.rolloutStatus', at(name)), 'deployment');
const stored = (name: string) => scene.world.apps.readNamespacedDeployment({ namespace: scene.namespace, name });
const podsOf = async (app: string): Promise<string[]> => {
  const { items } = await scene.world.core.listNamespacedPod({ ...scene, labelSelector: `app=${app}` });
  return items.map(({ metadata }) => metadata?.uid ?? '').sort();
};
/** Everything of a deployment that a write could change. */
const whole = async (name: string): Promise<string> => {
  const { metadata, spec } = await stored(name);
  const { generation, annotations, managedFields } = metadata ?? {};
  return JSON.stringify({ generation, annotations, managers: managedFields?.map(({ manager }) => manager), spec });
};
const patch = (name: string, path: string, value: unknown) =>
  scene.world.apps.patchNamespacedDeployment({ ...scene, name, body: [{ op: 'add', path, value }] });
const imagePath = '/spec/template/spec/containers/0/image';
async function roll(name: string, image: string): Promise<void> {
  await patch(name, imagePath, image);
  await scene.world.rolledOut(scene.namespace, name);
}

describeWith('kubernetes', 'a write to a deployment', () => {
  const tool = () => scene.write('k8s.restartDeployment');

  it('replaces every pod, waits until the rollout is over, and leaves its mark', async () => {
    const aim = aimAt(tool(), await deployed('restarted'));
    const before = await podsOf('restarted');
    expect(await fire(tool(), aim)).toMatchObject({ status: 'done', result: { changed: true } });
    expect(await tool().postcondition(aim, settleMs, signal)).toEqual({ held: true, detail: expect.any(String) });
    expect((await podsOf('restarted')).filter((uid) => before.includes(uid))).toEqual([]);
    const { annotations, managedFields } = (await stored('restarted')).metadata ?? {};
    const marks = { 'holdpoint.dev/action': aim.mark.digest, 'holdpoint.dev/incident': aim.mark.incident };
    expect(annotations).toMatchObject(marks);
    expect(managedFields?.map(({ manager }) => manager)).toContain('holdpoint');
  });

  it('does nothing when it is repeated', async () => {
    const aim = aimAt(tool(), await deployed('repeated'));
    await fire(tool(), aim);
    await tool().postcondition(aim, settleMs, signal);
    const [spec, pods] = [await whole('repeated'), await podsOf('repeated')];
    expect(await fire(tool(), aim)).toMatchObject({ status: 'done', result: { changed: false } });
    expect([await whole('repeated'), await podsOf('repeated')]).toEqual([spec, pods]);
  });

  it('has no effect on a specification that changed since it was seen, even in the last moment', async () => {
    const aim = aimAt(tool(), await deployed('moved'));
    const armed = await tool().arm(aim, signal);
    await roll('moved', newImage);
    const before = await whole('moved');
    expect(await armed.fire(inTime, signal)).toMatchObject({ status: 'moved' });
    await armed.disarm();
    expect(await fire(tool(), aim)).toMatchObject({ status: 'moved' });
    await expect(tool().predict(aim)).rejects.toMatchObject({ code: 'TARGET_MOVED' });
    expect(await whole('moved')).toBe(before);
  });

  it('has no effect on another deployment that was made under the same name', async () => {
    const aim = aimAt(tool(), await deployed('again'));
    const armed = await tool().arm(aim, signal);
    await scene.world.apps.deleteNamespacedDeployment({ ...scene, name: 'again' });
    await deployed('again');
    const before = await whole('again');
    expect(await armed.fire(inTime, signal)).toMatchObject({ status: 'moved' });
    await armed.disarm();
    expect(await whole('again')).toBe(before);
    expect(await tool().postcondition(aim, 0, signal)).toMatchObject({ held: false });
  });

  it('has an effect although its status changed meanwhile', async () => {
    const aim = aimAt(tool(), await deployed('restless'));
    const status = [{ op: 'add', path: '/status/conditions/-', value: { type: 'Odd', status: 'True' } }];
    await scene.world.apps.patchNamespacedDeploymentStatus({ ...scene, name: 'restless', body: status });
    expect((await seen('restless')).attributes.resourceVersion).not.toBe(aim.target.attributes.resourceVersion);
    expect(await fire(tool(), aim)).toMatchObject({ status: 'done' });
  });

  it.each(['late', 'cancelled'] as const)('has no effect when it is %s', async (how) => {
    const aim = aimAt(tool(), await deployed(how));
    const before = await whole(how);
    const late = () => ({ startBefore: new Date(Date.now() - 1).toISOString(), leftMs: -1 });
    const abort = how === 'cancelled' ? AbortSignal.abort() : signal;
    const armed = await tool().arm(aim, signal);
    expect(await armed.fire(how === 'late' ? late : inTime, abort)).toMatchObject({ status: 'failed' });
    await armed.disarm();
    expect(await whole(how)).toBe(before);
  });

  it('asks for the time that is left when it sends, and sends nothing when there is none', async () => {
    const aim = aimAt(tool(), await deployed('slept'));
    const before = await whole('slept');
    const left = [1_000, -1];
    const sleeping = () => ({ startBefore: '', leftMs: left.shift() ?? -1 });
    expect(await fire(tool(), aim, sleeping)).toMatchObject({ status: 'failed' });
    expect(await whole('slept')).toBe(before);
  });

  it('refuses one that is paused', async () => {
    await deployed('paused');
    await patch('paused', '/spec/paused', true);
    await scene.world.rolledOut(scene.namespace, 'paused');
    const aim = aimAt(tool(), await seen('paused'));
    await expect(tool().predict(aim)).rejects.toMatchObject({ code: 'TARGET_REFUSED' });
    expect(await fire(tool(), aim)).toMatchObject({ status: 'refused' });
  });

  it('refuses another namespace, whatever the target says', async () => {
    await scene.world.namespace('other');
    await scene.world.deploy('other', 'elsewhere');
    const { metadata } = await scene.world.rolledOut('other', 'elsewhere');
    const near = await deployed('near');
    const attributes = { ...near.attributes, namespace: 'other', deployment: 'elsewhere', uid: metadata?.uid ?? '' };
    const aim = aimAt(tool(), { ...near, attributes });
    await expect(tool().predict(aim)).rejects.toMatchObject({ code: 'TARGET_REFUSED' });
    await expect(tool().ready(aim)).rejects.toMatchObject({ code: 'TARGET_REFUSED' });
    await expect(tool().arm(aim, signal)).rejects.toMatchObject({ code: 'TARGET_REFUSED' });
  });

  it('says that a rollout is not over, and stops waiting when it is cancelled', async () => {
    const target = await deployed('crashing');
    const aim = aimAt(tool(), target);
    await fire(tool(), aim);
    await patch('crashing', imagePath, crashingImage);
    const cancelled = new AbortController();
    setTimeout(() => cancelled.abort(), 500);
    const began = performance.now();
    const found = await tool().postcondition(aim, 60_000, cancelled.signal);
    expect(found).toMatchObject({ held: false, detail: expect.stringContaining('not over') });
    expect(performance.now() - began).toBeLessThan(10_000);
  });
});

describeWith('kubernetes', 'a prediction', () => {
  const predict = (name: string, aim: Aim) => scene.write(name).predict(aim);

  it('is the API server’s dry run: it says what would change, and changes nothing', async () => {
    const target = await deployed('predicted');
    const before = await whole('predicted');
    const plan = await scene.read('k8s.scalePlan', { ...at('predicted'), replicas: 5 });
    const scaled = await predict(
      'k8s.scaleDeployment',
      aimAt(scene.write('k8s.scaleDeployment'), entityOf(plan, 'scale')),
    );
    expect(scaled).toMatchObject({ dryRun: true, changes: ['pods wanted: 2 becomes 5'] });
    const restarted = await predict('k8s.restartDeployment', aimAt(scene.write('k8s.restartDeployment'), target));
    expect(restarted).toMatchObject({ dryRun: true, changes: [expect.stringContaining('2 pods are replaced')] });
    expect(await whole('predicted')).toBe(before);
  });

  it('is made by an identity that could not do it', async () => {
    const aim = aimAt(scene.write('k8s.restartDeployment'), await deployed('only-tried'));
    const { tool, credential } = { tool: writeOf(scene.tools, 'k8s.restartDeployment'), credential: scene.credential };
    for (const access of ['read', 'act'] as const) {
      const context = { signal, bytesMax: 1, credential: () => credential(access) };
      await expect(tool.predict(aim, context)).rejects.toMatchObject({ code: 'TARGET_REFUSED' });
      await expect(tool.ready(aim, context)).rejects.toMatchObject({ code: 'TARGET_REFUSED' });
    }
    await scene.write('k8s.restartDeployment').predict(aim);
    await scene.write('k8s.restartDeployment').ready(aim);
    expect((await stored('only-tried')).metadata?.generation).toBe(aim.target.attributes.generation);
    const apps = scene.world.cluster.as(await scene.tokenOf('predict')).makeApiClient(AppsV1Api);
    const body = [{ op: 'replace', path: '/spec/replicas', value: 9 }];
    const tried = apps.patchNamespacedDeployment({ ...scene, name: 'only-tried', body });
    await expect(tried).rejects.toMatchObject({ code: 403 });
  });
});

describeWith('kubernetes', 'k8s.scaleDeployment', () => {
  const tool = () => scene.write('k8s.scaleDeployment');
  const plan = async (name: string, replicas: number, role: string): Promise<Entity> =>
    entityOf(
      await scene.read('k8s.scalePlan', { ...at(name), replicas }),
      'scale',
      (one) => one.attributes.role === role,
    );

  it('scales, remembers the former number, and its inverse scales back', async () => {
    await deployed('scaled');
    const up = aimAt(tool(), await plan('scaled', 4, 'asked'));
    expect(await fire(tool(), up)).toMatchObject({ status: 'done' });
    expect(await tool().postcondition(up, settleMs, signal)).toMatchObject({ held: true });
    expect(await podsOf('scaled')).toHaveLength(4);
    const back = aimAt(tool(), await plan('scaled', 4, 'former'), markOf('b'));
    expect(back.preconditions).toMatchObject({ from: '4', to: '2' });
    expect(await fire(tool(), back)).toMatchObject({ status: 'done' });
    expect(await tool().postcondition(back, settleMs, signal)).toMatchObject({ held: true });
    expect(await podsOf('scaled')).toHaveLength(2);
  });

  it.each(['0', '-1', '1e3', 'NaN', '99999', 'undefined'])('never scales to `%s`, whatever was pinned', async (to) => {
    const target = await seen('scaled').catch(() => deployed('scaled'));
    const aim = aimAt(tool(), { ...target, attributes: { ...target.attributes, from: 2 } });
    expect(await fire(tool(), { ...aim, preconditions: { ...aim.preconditions, to } })).toMatchObject({
      status: 'refused',
    });
    expect((await stored('scaled')).spec?.replicas).toBe(2);
  });
});
