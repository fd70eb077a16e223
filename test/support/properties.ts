import { createHash } from 'node:crypto';
import { configureGlobal } from 'fast-check';
import { seed } from './deep.ts';

// Every property of a run starts from the run's seed: a failure is repeated by repeating the seed.
configureGlobal({ seed: createHash('sha256').update(seed).digest().readInt32BE() });
