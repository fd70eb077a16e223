import type { V1Deployment } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Entity } from '../../contracts/tools/contract.ts';
import { crashingImage, goodImage } from '../support/kubernetes.ts';
import { describeWith } from '../support/skips.ts';
import { aimAt, entityOf, fire, inTime, markOf, openScene, type Scene, signal } from './support/cluster.ts';

const settleMs = 20_000;
const secret = 'hunter2-is-the-password';
let scene: Scene;

beforeAll(async () => {
  scene = await openScene();
}, 120_000);
afterAll(() => scene?.close());

const imagePath = '/spec/template/spec/containers/0/image';
const at = (name: string) => ({ namespace: scene.namespace, deployment: name });
const stored = (name: string): Promise<V1Deployment> => scene.world.apps.readNamespacedDeployment({ ...scene, name });
const patch = (name: string, path: string, value: unknown) =>
  scene.world.apps.patchNamespacedDeployment({ ...scene, name, body: [{ op: 'add', path, value }] });

/** A deployment whose newest revision crash-loops, so that pods of the one before stay. */
async function broken(name: string): Promise<Entity> {
  await scene.world.deploy(scene.namespace, name, { replicas: 2 });
  await patch(name, '/spec/template/spec/containers/0/env', [{ name: 'SESSION_KEY', value: secret }]);
  await scene.world.rolledOut(scene.namespace, name);
  await patch(name, imagePath, crashingImage);
  await until(async () => (await status(name)).attributes.crashing !== 0);
  return lastGood(name);
}
const status = async (name: string): Promise<Entity> =>
  entityOf(await scene.read('k8s.rolloutStatus', at(name)), 'deployment');
const lastGood = async (name: string): Promise<Entity> =>
  entityOf(
    await scene.read('k8s.rolloutHistory', at(name)),
    'revision',
    ({ attributes }) => attributes.role === 'last-good',
  );

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 20_000; !(await holds()); ) {
    if (Date.now() > end) throw new Error('it did not come to that');
    await new Promise((done) => setTimeout(done, 100));
  }
}

describeWith('kubernetes', 'k8s.rollbackDeployment', () => {
  const tool = () => scene.write('k8s.rollbackDeployment');

  it('goes back to the revision that is known to be good, whole, and waits until it runs', async () => {
    const good = await broken('web');
    expect(good.attributes).toMatchObject({ images: goodImage, available: 2 });
    const aim = aimAt(tool(), good);
    expect(await fire(tool(), aim)).toMatchObject({ status: 'done' });
    expect(await tool().postcondition(aim, settleMs, signal)).toMatchObject({ held: true });
    const { spec } = await stored('web');
    expect(spec?.template.spec?.containers[0]).toMatchObject({ image: goodImage, env: [{ value: secret }] });
    expect(spec?.template.metadata?.labels).toEqual({ app: 'web' });
    expect((await status('web')).attributes).toMatchObject({ complete: true, crashing: 0 });
    expect(await fire(tool(), aim)).toMatchObject({ status: 'done', result: { changed: false } });
  });

  it('shows which image comes back, and no value of a variable', async () => {
    await broken('shown');
    await patch('shown', '/spec/template/spec/containers/0/env', [{ name: 'SESSION_KEY', value: `${secret}-new` }]);
    await patch('shown', '/spec/template/spec/containers/0/command', ['serve', `--key=${secret}`]);
    await until(async () => (await status('shown')).attributes.revision === 5);
    const predicted = await tool().predict(aimAt(tool(), await lastGood('shown')));
    expect(predicted.changes).toEqual([
      `container web: image ${crashingImage} becomes ${goodImage}`,
      'container web: variables change, not shown',
      'container web: command change, not shown',
    ]);
    expect(JSON.stringify(predicted)).not.toContain(secret);
  });

  it('has no effect once its revision is gone, or the deployment rolled out another', async () => {
    const aim = aimAt(tool(), await broken('later'));
    const armed = await tool().arm(aim, signal);
    await patch('later', imagePath, 'registry.example.com/shop/web:3.0.0');
    await scene.world.rolledOut(scene.namespace, 'later');
    expect(await armed.fire(inTime, signal)).toMatchObject({ status: 'moved' });
    await armed.disarm();
    const [earlier] = (await scene.read('k8s.rolloutHistory', at('later'))).entities.slice(1);
    const fresh = aimAt(tool(), earlier as Entity, markOf('c'));
    const name = fresh.preconditions.replicaSet ?? '';
    await scene.world.apps.deleteNamespacedReplicaSet({ ...scene, name });
    expect(await fire(tool(), fresh)).toMatchObject({ status: 'moved' });
    expect((await stored('later')).spec?.template.spec?.containers[0]?.image).toContain(':3.0.0');
  });

  it.each([
    ['another revision', { revision: '99' }],
    ['another replica set', { replicaSetUid: '00000000-0000-4000-8000-000000000000' }],
    ['other images', { images: '0'.repeat(64) }],
    ['another deployment', { uid: '00000000-0000-4000-8000-000000000000' }],
  ])('has no effect where it pins %s', async (_what, other) => {
    const good = await lastGood('pinned').catch(() => broken('pinned'));
    const aim = aimAt(tool(), good);
    const moved = { ...aim, preconditions: { ...aim.preconditions, ...other } };
    expect(await fire(tool(), moved)).toMatchObject({ status: 'moved' });
    expect((await stored('pinned')).spec?.template.spec?.containers[0]?.image).toBe(crashingImage);
  });
});
