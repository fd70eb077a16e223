import type { PostgresAddress } from '../../../contracts/config.ts';
import type { Tool, Tools } from '../implement.ts';
import { readActivity } from './activity.ts';
import { readBlockingTree } from './blocking-tree.ts';
import { readConnections } from './connections.ts';
import { readLocks } from './locks.ts';
import { readPlan, readQuery } from './select.ts';
import { cancel, terminate } from './signal-backend.ts';
import { readIndexStats, readTableStats } from './stats.ts';
import { createTargets } from './targets.ts';

/** Every Postgres tool over the databases that this executor is configured with. Throws `BAD_INPUT` for an unusable address. */
export function createPostgresTools(postgres: readonly PostgresAddress[]): Tools {
  const targets = createTargets(postgres);
  const tools: readonly Tool[] = [
    readActivity(targets),
    readLocks(targets),
    readBlockingTree(targets),
    readConnections(targets),
    readTableStats(targets),
    readIndexStats(targets),
    readPlan(targets),
    readQuery(targets),
    cancel(targets),
    terminate(targets),
  ];
  return new Map(tools.map((tool) => [tool.contract.name, tool]));
}
