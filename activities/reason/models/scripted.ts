import { z } from 'zod';
import { HoldpointError } from '../../../contracts/errors.ts';
import type { JsonValue } from '../../../contracts/values.ts';
import { JsonObject } from '../../../contracts/values.ts';
import type { Evidence, Model } from '../turn.ts';

/** One draft for each step, as JSON. */
export const Script = z.array(JsonObject).min(1).max(200);
export type Script = z.infer<typeof Script>;

/** Stands in a script for what only a run knows: an entity of the newest result of a read; the first, or the named one. */
const Placeholder = z.strictObject({
  $target: z.strictObject({ from: z.string(), entity: z.string().optional() }),
});

function resolve(value: JsonValue, evidence: readonly Evidence[]): JsonValue {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((inner: JsonValue) => resolve(inner, evidence));
  const placeholder = Placeholder.safeParse(value);
  if (placeholder.success) return target(placeholder.data.$target, evidence);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolve(inner as JsonValue, evidence)]));
}

function target(
  { from, entity }: { from: string; entity?: string | undefined },
  evidence: readonly Evidence[],
): JsonValue {
  const newest = evidence.findLast(({ result }) => result.tool === from);
  const found = newest?.result.entities.find(({ id }) => entity === undefined || id === entity);
  if (newest === undefined || found === undefined)
    throw new HoldpointError('MODEL_FAILED', `script: expected an entity in the newest result of \`${from}\``);
  return { entity: found.id, resultHash: newest.hash };
}

/** Says what its script says for each step, and fails when the script has ended: no test goes on by accident. */
export const createScriptedModel = (script: Script): Model => ({
  name: 'scripted',
  budget: null,
  draft: async ({ step, evidence }) => {
    const said = script[step];
    if (said === undefined)
      throw new HoldpointError(
        'MODEL_FAILED',
        `script: expected a draft for step ${step}, got ${script.length} drafts`,
      );
    return { model: 'scripted', label: null, said: resolve(said, evidence) };
  },
});
