import { defineContract, type ToolContract } from '../../../contracts/tools/contract.ts';
import { terminateBackend } from '../../../contracts/tools/postgres.ts';
import { toolRegistry } from '../../../contracts/tools/registry.ts';

/** A low-risk tool of Postgres that can be undone: none is shipped, and a grant is for no other. */
export const reversible: ToolContract = defineContract({
  ...terminateBackend,
  name: 'postgres.pauseClient',
  risk: 'low',
  effect: 'idempotent',
  inverse: { tool: 'postgres.resumeClient', note: 'lets the client go on' },
});
(toolRegistry as Map<string, ToolContract>).set(reversible.name, reversible);
