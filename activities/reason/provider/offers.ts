import { z } from 'zod';
import { toolRegistry } from '../../../contracts/tools/registry.ts';
import type { LoadedRunbook } from '../../../policies/runbook.ts';
import { Hypothesis, hypothesesMax } from '../why.ts';

/** A tool as a provider is told of it. */
export type ToolOffer = {
  readonly name: string;
  readonly description: string;
  readonly schema: { readonly type: 'object'; readonly [key: string]: unknown };
};
export type Offers = {
  readonly tools: readonly ToolOffer[];
  /** Our name of the tool by the provider's. */
  readonly nameOf: ReadonlyMap<string, string>;
};

/** A call of this ends the investigation; it is no tool of ours. */
export const concludeTool = 'conclude';
export const Conclusion = z.strictObject({ conclusion: z.string().min(1).max(500) });

/**
 * What a runbook's tools are to a provider: each takes its own arguments, why, and what the model takes to be so. A dot may not
 * stand in a name there.
 */
export function offersOf({ runbook }: LoadedRunbook): Offers {
  const tools: ToolOffer[] = [];
  const nameOf = new Map<string, string>();
  for (const { tool, scopes, perIncidentMax } of runbook.tools) {
    const contract = toolRegistry.get(tool);
    if (contract === undefined) continue;
    const name = tool.replaceAll('.', '_');
    nameOf.set(name, tool);
    const scoped = JSON.stringify(scopes);
    const risk = contract.risk === 'read' ? 'A read.' : `A write of ${contract.risk} risk: a person decides about it.`;
    const description = `${contract.summary}. ${risk} At most ${perIncidentMax} times, within ${scoped}.`;
    tools.push({ name, description, schema: jsonSchema(callOf(contract.args)) });
  }
  const description =
    'End the investigation: nothing more is to be done, or nothing more can be done with these tools.';
  return { tools: [...tools, { name: concludeTool, description, schema: jsonSchema(Conclusion) }], nameOf };
}

const callOf = (args: z.ZodType) =>
  z.strictObject({
    args,
    why: z.string().max(500).describe('Why this call, in one sentence, for the person who decides.'),
    hypotheses: z
      .array(Hypothesis)
      .max(hypothesesMax)
      .describe('What you take to be so, likeliest first, each with the hashes of the results that speak for it.'),
  });

function jsonSchema(schema: z.ZodType): ToolOffer['schema'] {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return { ...rest, type: 'object' };
}
