import { z } from 'zod';

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** What a provider was asked for, in its own tokens. The cost is in millionths of the currency that its prices are in. */
export const ModelUsage = z.strictObject({
  requests: count,
  inputTokens: count,
  outputTokens: count,
  costMicros: count,
});
export type ModelUsage = z.infer<typeof ModelUsage>;
