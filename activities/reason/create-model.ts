import { readFile, stat } from 'node:fs/promises';
import type { ConfigOf, ModelProvider, SecretsOf } from '../../contracts/config.ts';
import { HoldpointError } from '../../contracts/errors.ts';
import { firstIssue } from '../../policies/signing.ts';
import { createDemoModel, createHijackedModel } from './models/hijacked.ts';
import { createProviderModel } from './models/provider.ts';
import { createRulesModel } from './models/rules.ts';
import { createScriptedModel, Script } from './models/scripted.ts';
import type { Model } from './turn.ts';

const scriptBytesMax = 1_048_576;

async function readScript(file: string | undefined): Promise<Script> {
  if (file === undefined) throw new HoldpointError('BAD_INPUT', '`script`: expected the path of a script');
  let raw: unknown;
  try {
    if ((await stat(file)).size > scriptBytesMax) throw new RangeError('too large');
    raw = JSON.parse(await readFile(file, 'utf8'));
  } catch {
    throw new HoldpointError('BAD_INPUT', '`script`: expected a readable JSON file of at most 1 MiB');
  }
  const parsed = Script.safeParse(raw);
  if (!parsed.success) throw new HoldpointError('BAD_INPUT', `\`script\`: ${firstIssue(parsed.error)}`);
  return parsed.data;
}

type Config = Pick<ConfigOf<'reasoner'>, 'mode' | 'model' | 'script' | 'provider'>;
const forProduction: ReadonlySet<Config['model']> = new Set(['rules', 'anthropic', 'openai']);

/** The configured model. Throws `BAD_INPUT`, also for a model that exists to misbehave or to test, in production. */
export async function createModel(
  config: Config,
  { providerKey }: Pick<SecretsOf<'reasoner'>, 'providerKey'>,
): Promise<Model> {
  const { mode, model } = config;
  if (mode === 'production' && !forProduction.has(model))
    throw new HoldpointError(
      'BAD_INPUT',
      `\`model\`: expected ${[...forProduction].join(', ')} in production, got \`${model}\``,
    );
  switch (model) {
    case 'rules':
      return createRulesModel();
    case 'anthropic':
      if (providerKey === undefined)
        throw new HoldpointError('BAD_INPUT', 'secrets: `providerKey`: expected the key of the provider');
      return createProviderModel(model, providerOf(config), providerKey);
    case 'openai':
      return createProviderModel(model, providerOf(config), providerKey ?? null);
    case 'hijacked':
      return createHijackedModel();
    case 'demo':
      return createDemoModel();
    case 'scripted':
      return createScriptedModel(await readScript(config.script));
  }
}

function providerOf({ provider, model }: Config): ModelProvider {
  if (provider !== undefined) return provider;
  throw new HoldpointError('BAD_INPUT', `\`provider\`: expected the settings of model \`${model}\``);
}
