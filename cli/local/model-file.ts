import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { ModelProvider, ProviderKey } from '../../contracts/config.ts';
import { firstIssue } from '../../policies/signing.ts';
import type { ModelChoice } from '../../servers/workspace.ts';
import { Refusal } from '../shell/refusal.ts';

const ModelFile = z.discriminatedUnion('model', [
  z.strictObject({ model: z.literal('rules') }),
  z.strictObject({ model: z.literal('anthropic'), provider: ModelProvider, providerKey: ProviderKey }),
  z.strictObject({ model: z.literal('openai'), provider: ModelProvider, providerKey: ProviderKey.optional() }),
]);

/**
 * The model that `model.json` names; the rules reasoner when there is no such file. Throws `Refusal` BAD_INPUT. The file holds
 * a secret: no message repeats a value of it.
 */
export async function readModelFile(file: string): Promise<ModelChoice> {
  if (!existsSync(file)) return { model: 'rules' };
  const parsed = ModelFile.safeParse(await jsonOf(file));
  if (parsed.success) return parsed.data;
  const example = '{"model","provider":{"name","prices"},"providerKey"}';
  throw new Refusal('BAD_INPUT', `${file}: ${firstIssue(parsed.error)}`, `give ${example}, as docs/operations.md says`);
}

async function jsonOf(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    // The parser's own message would quote the text.
    throw new Refusal('BAD_INPUT', `${file}: expected JSON`, 'mend the file');
  }
}
