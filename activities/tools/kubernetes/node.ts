import { node } from '../../../contracts/tools/kubernetes-reads.ts';
import { bounded, boundedOrNull } from '../bounded.ts';
import type { ReadTool } from '../implement.ts';
import type { Access } from './access.ts';
import { withCluster } from './cluster.ts';
import { conditionHolds, nodeEntity } from './entities.ts';
import { conditionsOf, quantitiesOf } from './facts.ts';

/** One node, as far as it concerns whether pods should be on it. */
export const readNode = (access: Access): ReadTool => ({
  kind: 'read',
  contract: node,
  read: (args, { signal, credential }) =>
    withCluster(access, 'read', { signal, credential, doing: 'node' }, async ({ core }) => {
      const found = await core.readNode({ name: String(args.node) });
      const { allocatable, conditions } = found.status ?? {};
      return {
        data: {
          node: bounded(found.metadata?.name ?? '', 253),
          unschedulable: found.spec?.unschedulable === true,
          ready: conditionHolds(found, 'Ready'),
          conditions: conditionsOf(conditions),
          allocatable: { ...quantitiesOf(allocatable), pods: boundedOrNull(allocatable?.pods, 32) },
          truncated: false,
        },
        entities: [nodeEntity(found)],
      };
    }),
});
