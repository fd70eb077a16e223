import type { ToolContract } from './contract.ts';
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
