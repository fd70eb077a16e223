import type { KubernetesAddress } from '../../../contracts/kubernetes-cluster.ts';
import type { Tool, Tools } from '../implement.ts';
import { accessOf } from './access.ts';
import { cordon, uncordon } from './cordon-node.ts';
import { readEvents } from './events.ts';
import { evict } from './evict-pod.ts';
import { readLogs } from './logs.ts';
import { readNode } from './node.ts';
import { readPods } from './pods.ts';
import { readResources } from './resources.ts';
import { restart } from './restart-deployment.ts';
import { rollback } from './rollback-deployment.ts';
import { readRolloutHistory, readRolloutStatus } from './rollout.ts';
import { scale } from './scale-deployment.ts';
import { readScalePlan } from './scale-plan.ts';
import { readWorkload, readWorkloads } from './workloads.ts';

/** Every Kubernetes tool. None has a token: each call brings the one that the broker issued for it. */
export function createKubernetesTools(kubernetes: readonly KubernetesAddress[]): Tools {
  const access = accessOf(kubernetes);
  const tools: readonly Tool[] = [
    readWorkloads(access),
    readWorkload(access),
    readPods(access),
    readEvents(access),
    readLogs(access),
    readRolloutStatus(access),
    readRolloutHistory(access),
    readResources(access),
    readScalePlan(access),
    readNode(access),
    restart(access),
    rollback(access),
    scale(access),
    evict(access),
    cordon(access),
    uncordon(access),
  ];
  return new Map(tools.map((tool) => [tool.contract.name, tool]));
}
