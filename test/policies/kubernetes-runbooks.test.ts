import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ActionEnd } from '../../contracts/incident.ts';
import type { Entity } from '../../contracts/tools/contract.ts';
import { nextRow, type PlaybookView } from '../../policies/playbook.ts';
import { type LoadedRunbook, parseRunbook } from '../../policies/runbook.ts';
import { loadSqlParser } from '../../policies/sql-read.ts';
import { readResult } from './judging.ts';

beforeAll(loadSqlParser);

const shipped = (name: string): LoadedRunbook =>
  parseRunbook(readFileSync(new URL(`../../runbooks/${name}.yaml`, import.meta.url), 'utf8'), `${name}.yaml`);
const [hourMs, dayMs] = [3_600_000, 86_400_000];

type Attributes = Entity['attributes'];
const entity = (kind: string, attributes: Attributes, id = '1'): Entity => ({ kind, id: `${kind}/${id}`, attributes });
const calm = { complete: false, stuck: false, paused: false, crashing: 0, oomKilled: 0, unpullable: 0, unscheduled: 0 };
const deployment = (more: Attributes): Entity => entity('deployment', { ...calm, revisionAgeMs: 600_000, ...more });
const good = entity('revision', { role: 'last-good' });
const bad = entity('revision', { role: 'current' }, '2');
const plan = entity('scale', { role: 'asked', from: 4, to: 6, paused: false });
const hanging = { ready: false, crashing: false, phase: 'Running', controller: 'ReplicaSet', ageMs: 600_000 };

/** What the reads of one step found, by tool. */
const read = (found: Readonly<Record<string, readonly Entity[]>>, step = 0): PlaybookView['results'] =>
  Object.entries(found).map(([tool, entities], index) => ({
    hash: `${step}${index}`.padEnd(64, '0'),
    result: readResult(entities, { tool, step: { step, index }, data: { truncated: false } }),
  }));
const executed = (tool: string): ActionEnd => ({
  step: { step: 1, index: 0 },
  tool,
  end: 'executed',
  rule: 'r',
  detail: '',
});
const rowOf = (name: string, results: PlaybookView['results'], ends: readonly ActionEnd[] = []) => {
  const next = nextRow(shipped(name), { results, ends });
  const write = next?.calls.find(({ args }) => args.target !== undefined)?.tool;
  return write === undefined ? (next?.row.id ?? null) : `${next?.row.id} ${write}`;
};

describe('the runbook of a crash loop', () => {
  const id = 'kubernetes-crash-loop-after-rollout';
  const seen = (more: Attributes, revisions = [bad, good]) =>
    read({ 'k8s.rolloutStatus': [deployment(more)], 'k8s.rolloutHistory': revisions });

  it.each<[string, string, PlaybookView['results']]>([
    ['reads first', 'read-rollout', []],
    ['rolls a young crashing revision back', 'roll-back k8s.rollbackDeployment', seen({ crashing: 2 })],
    ['leaves an old one', 'not-by-a-rollout', seen({ crashing: 2, revisionAgeMs: hourMs + 1 })],
    ['leaves one without a good revision', 'nothing-known-good', seen({ crashing: 2 }, [bad])],
    [
      'leaves one with two of them',
      'nothing-known-good',
      seen({ crashing: 2 }, [good, entity('revision', good.attributes, '3')]),
    ],
    ['leaves a paused one', 'nothing-known-good', seen({ crashing: 2, paused: true })],
    ['leaves one of unknown age', 'nothing-known-good', seen({ crashing: 2, revisionAgeMs: null })],
    ['leaves what does not crash', 'nothing-crashes', seen({})],
    ['ends where all is well', 'whole-again', seen({ complete: true })],
  ])('%s', (_what, row, results) => expect(rowOf(id, results)).toBe(row));

  it('rolls back once, and then looks', () => {
    const ends = [executed('k8s.rollbackDeployment')];
    expect(rowOf(id, seen({ crashing: 2 }), ends)).toBe('read-rollout');
    const after = read({ 'k8s.rolloutStatus': [deployment({ crashing: 2 })], 'k8s.rolloutHistory': [bad, good] }, 2);
    expect(rowOf(id, after, ends)).toBe('rolled-back');
  });
});

describe('the runbook of memory pressure', () => {
  const id = 'kubernetes-memory-pressure';
  const seen = (more: Attributes, plans = [plan]) =>
    read({ 'k8s.rolloutStatus': [deployment({ oomKilled: 1, ...more })], 'k8s.scalePlan': plans });

  it.each<[string, string, PlaybookView['results']]>([
    ['reads first', 'read-memory', []],
    ['restarts what filled slowly', 'restart k8s.restartDeployment', seen({ revisionAgeMs: dayMs })],
    ['has more pods of what did not', 'more-pods k8s.scaleDeployment', seen({ revisionAgeMs: dayMs - 1 })],
    ['leaves what a rollout began', 'since-a-rollout', seen({ revisionAgeMs: hourMs })],
    ['leaves what has all it may have', 'as-many-as-may-be', seen({ revisionAgeMs: dayMs - 1 }, [])],
    ['leaves a paused one', 'as-many-as-may-be', seen({ revisionAgeMs: dayMs, paused: true }, [])],
    ['ends where nothing ran out', 'no-longer', seen({ oomKilled: 0 })],
  ])('%s', (_what, row, results) => expect(rowOf(id, results)).toBe(row));
});

describe('the runbook of a stuck rollout', () => {
  const id = 'kubernetes-stuck-rollout';
  const seen = (more: Attributes, pods: readonly Entity[] = []) =>
    read({
      'k8s.rolloutStatus': [deployment({ stuck: true, ...more })],
      'k8s.rolloutHistory': [bad, good],
      'k8s.pods': pods,
    });

  it.each<[string, string, PlaybookView['results']]>([
    ['reads first', 'read-rollout', []],
    ['rolls back what crashes', 'roll-back-crashing k8s.rollbackDeployment', seen({ crashing: 1 })],
    ['rolls back what has no image', 'roll-back-without-image k8s.rollbackDeployment', seen({ unpullable: 1 })],
    ['replaces one pod that hangs', 'replace-what-hangs k8s.evictPod', seen({}, [entity('pod', hanging)])],
    ['leaves two that hang', 'not-understood', seen({}, [entity('pod', hanging), entity('pod', hanging, '2')])],
    ['leaves a young one', 'not-understood', seen({}, [entity('pod', { ...hanging, ageMs: 1 })])],
    ['leaves a paused one', 'paused', seen({ paused: true, crashing: 1 })],
    ['leaves want of room', 'no-room', seen({ unscheduled: 1, crashing: 1 })],
    ['ends where it is over', 'over', seen({ complete: true, stuck: false })],
  ])('%s', (_what, row, results) => expect(rowOf(id, results)).toBe(row));
});
