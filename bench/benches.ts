import type { Bench } from './contest.ts';
import { workflowMemory } from './memory/workflow-memory.ts';
import { historyBench, overheadBench } from './overhead/overhead.ts';

/** Every bench by its name. What each means, and how its floor came about, is in docs/benchmarks.md. */
export const benches: readonly Bench[] = [overheadBench, historyBench, workflowMemory];
