import { z } from 'zod';
import type { Scoped, ScopeKind } from './tools/contract.ts';
import { Name } from './values.ts';

/** More pods of one deployment than this are nobody's first aid. */
const replicasMax = 1_000;
const names = z.array(Name).min(1).max(32).optional();
const listed = {
  databases: names.describe('Databases that it may read, or whose entities it may be aimed at.'),
  namespaces: names.describe('Namespaces of the cluster that it may read, or act in.'),
  deployments: names.describe('Deployments, by name, that it may act on, or on whose pods.'),
  nodes: names.describe('Nodes, by name, that it may read or act on.'),
} satisfies Record<ScopeKind, unknown>;

/** Where a runbook lets a tool be used. */
export const Scopes = z
  .strictObject({
    ...listed,
    replicas: z
      .strictObject({
        // Down to nothing is a deletion by another name.
        min: z.number().int().min(1).max(replicasMax).describe('The least number of pods that it may ask for.'),
        max: z.number().int().min(1).max(replicasMax).describe('The greatest number of pods that it may ask for.'),
      })
      .refine(({ min, max }) => min <= max, 'expected min to be at most max')
      .optional()
      .describe('How many pods it may scale to.'),
  })
  .describe('Where it may be used; each tool needs the scopes that it is judged by.');
export type Scopes = z.infer<typeof Scopes>;

/** Whether the scopes of a tool cover one thing that a call of it falls under. What they do not name, they do not cover. */
export function covers(scopes: Scopes | undefined, { kind, value }: Scoped): boolean {
  if (kind !== 'replicas') return scopes?.[kind]?.includes(value) === true;
  const range = scopes?.replicas;
  return (
    range !== undefined && /^[1-9][0-9]{0,3}$/.test(value) && Number(value) >= range.min && Number(value) <= range.max
  );
}
