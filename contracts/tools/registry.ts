import type { ToolContract } from './contract.ts';
import * as kubernetesReads from './kubernetes-reads.ts';
import * as kubernetesWrites from './kubernetes-writes.ts';
import * as postgres from './postgres.ts';

const all: readonly ToolContract[] = [
  postgres.activity,
  postgres.locks,
  postgres.blockingTree,
  postgres.connections,
  postgres.tableStats,
  postgres.indexStats,
  postgres.explain,
  postgres.query,
  postgres.cancelBackend,
  postgres.terminateBackend,
  kubernetesReads.workloads,
  kubernetesReads.workload,
  kubernetesReads.pods,
  kubernetesReads.events,
  kubernetesReads.logs,
  kubernetesReads.rolloutStatus,
  kubernetesReads.rolloutHistory,
  kubernetesReads.resources,
  kubernetesReads.scalePlan,
  kubernetesReads.node,
  kubernetesWrites.restartDeployment,
  kubernetesWrites.rollbackDeployment,
  kubernetesWrites.scaleDeployment,
  kubernetesWrites.evictPod,
  kubernetesWrites.cordonNode,
  kubernetesWrites.uncordonNode,
];

/** Every tool there is. A `Map`, so that no name from outside can reach an inherited property. */
export const toolRegistry: ReadonlyMap<string, ToolContract> = new Map(
  all.map((contract) => [contract.name, contract]),
);

/** The registry as data, for the manifest: a changed risk, action or write contract is a changed manifest. */
export const registryAsData = () =>
  all.map(({ name, summary, risk, effect, actions, inverse, targetKind }) => ({
    name,
    summary,
    risk,
    effect,
    actions,
    inverse,
    targetKind,
  }));
