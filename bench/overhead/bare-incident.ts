import { condition, proxyActivities, setHandler } from '@temporalio/workflow';
import type { Entity } from '../../contracts/tools/contract.ts';
import { approveSignal, pendingQuery } from '../../workflows/messages.ts';
import type { BareActivities } from './bare-activities.ts';

// The same reads, the same terminate and the same checks afterwards, in the same order, as anybody would write them
// without governance: no judging, no record, no card, no receipt, no fences, and a release that anyone may signal.
const { read, terminate } = proxyActivities<BareActivities>({
  startToCloseTimeout: '20s',
  retry: { initialInterval: '200ms', maximumAttempts: 10 },
});

const database = 'payments';
const investigation = ['postgres.activity', 'postgres.locks', 'postgres.blockingTree'] as const;
const recovery = ['postgres.blockingTree', 'postgres.activity'] as const;

export async function bareIncident(): Promise<string> {
  let held: Entity | null = null;
  let approved = false;
  // Only its length and its first element are looked at: an entity is what is shown here.
  setHandler(pendingQuery, () => (held === null || approved ? [] : [held]) as never);
  setHandler(approveSignal, () => {
    approved = true;
  });

  const roots = rootsOf(await investigate());
  const [root] = roots;
  if (root === undefined || roots.length > 1) return 'concluded';
  held = root;
  if (!(await condition(() => approved, '15m'))) return 'expired';
  await terminate(root);
  if (rootsOf(await investigate()).length > 0) return 'not-recovered';
  const [tree] = await Promise.all(recovery.map((tool) => read(tool, { database })));
  return tree?.entities.length === 0 ? 'recovered' : 'not-recovered';
}

/** Each read after the one before, as the playbook has it; answers what the last one found. */
async function investigate(): Promise<readonly Entity[]> {
  let entities: readonly Entity[] = [];
  for (const tool of investigation) ({ entities } = await read(tool, { database }));
  return entities;
}

const rootsOf = (entities: readonly Entity[]): readonly Entity[] =>
  entities.filter(({ attributes }) => attributes.role === 'root' && attributes.state === 'idle in transaction');
