import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { targetOf } from '../../activities/record/intents.ts';
import type { Action } from '../../contracts/action.ts';
import { covers } from '../../contracts/runbook-scopes.ts';
import { defineContract, type Entity, InventoryRef } from '../../contracts/tools/contract.ts';
import { scaleDeployment } from '../../contracts/tools/kubernetes-writes.ts';
import { toolRegistry } from '../../contracts/tools/registry.ts';
import { type JudgeInputs, judge } from '../../policies/gate.ts';
import { type LoadedRunbook, parseRunbook } from '../../policies/runbook.ts';
import { loadSqlParser } from '../../policies/sql-read.ts';
import { isGrantable } from '../../policies/unaided.ts';
import { callOf, inputs, readResult, standing, writeCall } from './judging.ts';

beforeAll(loadSqlParser);

const uid = '11111111-2222-4333-8444-555555555555';
const shipped = (name: string): LoadedRunbook =>
  parseRunbook(readFileSync(new URL(`../../runbooks/${name}.yaml`, import.meta.url), 'utf8'), `${name}.yaml`);
const of = (name: string) => {
  const runbook = shipped(name);
  const ref = { id: runbook.id, digest: runbook.digest };
  return { runbook, ref, standing: standing(2, { runbook: ref }) };
};

type Attributes = Entity['attributes'];
const place = { namespace: 'shop', deployment: 'auth-service', uid, generation: 3, paused: false };
const scaleTo = (to: number, more: Attributes = {}): Entity => ({
  kind: 'scale',
  id: `deployment/${uid}::scale/${to}`,
  attributes: { ...place, from: 4, to, role: 'asked', ...more },
});
const pod = (more: Attributes = {}): Entity => ({
  kind: 'pod',
  id: `pod/${uid}`,
  attributes: { ...place, resourceVersion: '7', controller: 'ReplicaSet', ...more },
});
const revision = (more: Attributes = {}): Entity => ({
  kind: 'revision',
  id: `deployment/${uid}::revision/${uid}`,
  attributes: { ...place, revision: 1, replicaSet: 'rs', replicaSetUid: uid, imagesHash: '0'.repeat(64), ...more },
});

function ruleOf(name: string, tool: string, entity: Entity, from: string): string {
  const { ref, ...known } = of(name);
  const result = readResult([entity], { runbook: ref, tool: from });
  const { kind, rule } = judge(inputs({ ...known, call: writeCall(tool, entity), target: { entity, result } }));
  return `${kind} ${rule}`;
}
const scaled = (entity: Entity) => ruleOf('kubernetes-memory-pressure', 'k8s.scaleDeployment', entity, 'k8s.scalePlan');
const evicted = (entity: Entity) => ruleOf('kubernetes-stuck-rollout', 'k8s.evictPod', entity, 'k8s.pods');
const rolledBack = (entity: Entity) =>
  ruleOf('kubernetes-crash-loop-after-rollout', 'k8s.rollbackDeployment', entity, 'k8s.rolloutHistory');

describe('the gate, for a cluster', () => {
  it('holds a write on what a read found, inside the scopes of the runbook', () => {
    expect(scaled(scaleTo(6))).toBe('hold ring.hold-low');
    expect(evicted(pod())).toBe('hold boundary.require-human');
    expect(rolledBack(revision())).toBe('hold boundary.require-human');
  });

  it.each([
    ['another namespace', { namespace: 'payments' }, 'deny scope.namespace'],
    ['no namespace', { namespace: null }, 'deny scope.namespace'],
    ['another deployment', { deployment: 'checkout' }, 'deny scope.deployment'],
    ['a deployment of the same beginning', { deployment: 'auth-service-2' }, 'deny scope.deployment'],
  ])('denies a write to %s', (_what, more, rule) => {
    expect(scaled(scaleTo(6, more))).toBe(rule);
    expect(rolledBack(revision(more))).toBe(rule);
  });

  it.each([0, 1, 7, 1_000, -1, 2.5])('denies scaling to %d, outside the range of the runbook', (to) => {
    expect(scaled(scaleTo(to))).toBe('deny scope.replicas');
  });

  it.each([
    ['nobody', { controller: null, deployment: null }],
    ['a job', { controller: 'Job', deployment: null }],
    ['a stateful set', { controller: 'StatefulSet', deployment: null }],
    ['a replica set without deployment', { deployment: null }],
    ['what only says so', { controller: null }],
  ])('never ends a pod that is replaced by %s', (_what, more) => {
    expect(evicted(pod(more))).toBe('deny floor.pod-not-replaced');
  });

  it.each(['uid', 'generation', 'replicaSetUid', 'imagesHash', 'revision', 'replicaSet'])(
    'denies a rollback that does not pin the `%s` that was seen',
    (name) => {
      for (const value of [null, '']) expect(rolledBack(revision({ [name]: value }))).toBe('deny provenance.unpinned');
      const { [name]: _gone, ...attributes } = revision().attributes;
      expect(rolledBack({ ...revision(), attributes })).toBe('deny provenance.unpinned');
    },
  );

  it.each(['default', 'kube-system', 'shop2', 'Shop', '../shop', 'shop/secrets'])(
    'denies a read of `%s`',
    (namespace) => {
      const { runbook, standing: now } = of('kubernetes-crash-loop-after-rollout');
      const { kind } = judge(inputs({ runbook, standing: now, call: callOf('k8s.events', { namespace }) }));
      expect(kind).toBe('deny');
    },
  );

  it('takes nothing of a write from whoever proposes it but the name of what a read found', () => {
    const { ref, ...known } = of('kubernetes-memory-pressure');
    const entity = scaleTo(6);
    const target = { entity, result: readResult([entity], { runbook: ref, tool: 'k8s.scalePlan' }) };
    const call = writeCall('k8s.scaleDeployment', entity);
    for (const more of [{ replicas: 6 }, { namespace: 'shop' }, { deployment: 'auth-service' }]) {
      const said: JudgeInputs['call'] = { ...call, args: { ...call.args, ...more } };
      expect(judge(inputs({ ...known, call: said, target }))).toMatchObject({ kind: 'deny', rule: 'schema.bad-args' });
    }
  });
});

describe('a write', () => {
  const ref = InventoryRef;
  it.each<[string, z.ZodType]>([
    ['a number of its own', z.strictObject({ target: ref, replicas: z.number() })],
    ['an optional word', z.strictObject({ target: ref, reason: z.string().optional() })],
    ['no target', z.strictObject({ deployment: z.string() })],
    ['text for a target', z.strictObject({ target: z.string() })],
    ['anything beside its target', z.looseObject({ target: ref })],
    ['what drops the rest unseen', z.object({ target: ref })],
  ])('cannot be defined to take %s', (_what, args) => {
    const defined = () => defineContract({ ...scaleDeployment, args });
    expect(defined).toThrow('an inventory reference, and nothing else');
  });
});

describe('the tools of a cluster', () => {
  const tools = [...toolRegistry.values()].filter(({ name }) => name.startsWith('k8s.'));

  it('have inverses that there are, and those that may be granted can be undone', () => {
    for (const { inverse } of tools) if (inverse.tool !== null) expect(toolRegistry.has(inverse.tool)).toBe(true);
    expect(tools.filter(isGrantable).map(({ name }) => name)).toEqual([
      'k8s.restartDeployment',
      'k8s.scaleDeployment',
      'k8s.cordonNode',
      'k8s.uncordonNode',
    ]);
  });

  it('read no Secret and no ConfigMap, and delete no deployment', () => {
    const actions = tools.flatMap((tool) => tool.actions);
    for (const { object } of actions) expect(['secret', 'configmap', '*']).not.toContain(object);
    expect(actions.filter(({ verb }) => verb === 'delete').map(({ object }) => object)).toEqual(['pod']);
  });

  it('count writes to one deployment together, whatever part of it they are aimed at', () => {
    const keys = [scaleTo(6), scaleTo(2), revision(), { ...revision(), id: `deployment/${uid}` }].map(({ id }) =>
      targetOf({
        tool: 'k8s.scaleDeployment',
        args: { target: { entity: id, resultHash: '0'.repeat(64) } },
      } as unknown as Action),
    );
    expect(new Set(keys)).toEqual(new Set([`deployment/${uid}`]));
  });
});

describe('a range of replicas', () => {
  const scopes = { replicas: { min: 2, max: 6 } };
  it.each(['2', '4', '6'])('covers %s', (value) => expect(covers(scopes, { kind: 'replicas', value })).toBe(true));
  it.each(['', '1', '7', '0', '-3', '3.0', '0x3', ' 3', '3 ', '1e1', 'NaN', '00003', 'undefined'])(
    'does not cover `%s`',
    (value) => expect(covers(scopes, { kind: 'replicas', value })).toBe(false),
  );
  it('covers nothing where there is none', () => {
    for (const none of [undefined, {}, { namespaces: ['4'] }])
      expect(covers(none, { kind: 'replicas', value: '4' })).toBe(false);
  });
});
