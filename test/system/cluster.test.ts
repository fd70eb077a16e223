import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseRunbook } from '../../policies/runbook.ts';
import { loadSqlParser } from '../../policies/sql-read.ts';
import { until } from '../../servers/child.ts';
import { type ShopScene, startShopScene } from '../../servers/shop/scene.ts';
import { badImage, goodImage, shopDeployment, shopNamespace } from '../../servers/shop/workload.ts';
import { type Brokered, brokerIn } from '../executor/support/cluster.ts';
import { type ClusterWorld, openCluster } from '../support/kubernetes.ts';
import { describeWith } from '../support/skips.ts';
import { approve, raise, untilHeld, untilSealed } from './support/incident.ts';
import { type System, startSystem } from './support/system.ts';

const id = 'kubernetes-crash-loop-after-rollout';
const runbook = readFileSync(join(import.meta.dirname, '..', '..', 'runbooks', `${id}.yaml`), 'utf8');
const labels = { alertname: 'ShopPodsCrashLooping', namespace: shopNamespace, deployment: shopDeployment };

let world: ClusterWorld;
let scene: ShopScene;
let system: System;
let brokered: Brokered;

describeWith(['temporal', 'postgres', 'kubernetes'], 'an incident in a cluster', () => {
  beforeAll(async () => {
    world = await openCluster([badImage]);
    scene = await startShopScene(world.cluster);
    await loadSqlParser();
    brokered = await brokerIn(world, parseRunbook(runbook, id).runbook);
    const kubernetes = brokered.target;
    system = await startSystem({ runbook, runbookId: id, role: 'shop-cluster', kubernetes });
  }, 180_000);
  afterAll(async () => {
    await system?.stop();
    await scene?.stop();
    await world?.close();
  });

  it('is a rollback that a person released, rolled out and looked at, whatever names and logs said', async () => {
    const incident = await raise(system, { labels });
    const hold = await untilHeld(incident);
    expect(hold).toMatchObject({ tool: 'k8s.rollbackDeployment', risk: 'high' });
    expect(JSON.stringify(hold)).toContain(`image ${badImage} becomes ${goodImage}`);
    expect(await scene.view()).toMatchObject({ image: badImage, rolledOut: false });
    await approve(system, incident, hold);
    const end = await incident.result();
    const refused = await system.records('refusal', incident.workflowId);
    const [outcome] = await system.records('outcome', incident.workflowId);
    expect({ end, refused, outcome: outcome?.outcome?.payload }).toMatchObject({
      end: 'recovered',
      refused: [],
      outcome: { status: 'done', postcondition: { held: true } },
    });
    expect(await scene.view()).toMatchObject({ image: goodImage, rolledOut: true });
    expect(await scene.isWhole()).toBe(true);
    expect(await untilSealed(system, incident)).toContain('outcome');
    const { metadata } = await world.apps.readNamespacedDeployment({ namespace: shopNamespace, name: shopDeployment });
    expect(metadata?.annotations).toMatchObject({
      'holdpoint.dev/action': hold.digest,
      'holdpoint.dev/incident': incident.workflowId,
    });
    const { minter } = brokered;
    const withdrawn = async () => ((await minter.issued('shop')).length === 0 ? true : null);
    await until(withdrawn, { forMs: 10_000, late: () => new Error('tokens outlived their incident') });
  }, 180_000);
});
