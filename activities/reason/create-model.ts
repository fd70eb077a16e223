import { readFile, stat } from 'node:fs/promises';
import type { ConfigOf } from '../../contracts/config.ts';
import { HoldpointError } from '../../contracts/errors.ts';
import { firstIssue } from '../../policies/signing.ts';
import { createDemoModel, createHijackedModel } from './models/hijacked.ts';
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

/** The configured model. Throws `BAD_INPUT`, also for a model that exists to misbehave or to test, in production. */
export async function createModel(config: Pick<ConfigOf<'reasoner'>, 'mode' | 'model' | 'script'>): Promise<Model> {
  if (config.mode === 'production' && config.model !== 'rules')
    throw new HoldpointError('BAD_INPUT', `\`model\`: expected rules in production, got \`${config.model}\``);
  switch (config.model) {
    case 'rules':
      return createRulesModel();
    case 'hijacked':
      return createHijackedModel();
    case 'demo':
      return createDemoModel();
    case 'scripted':
      return createScriptedModel(await readScript(config.script));
  }
}
