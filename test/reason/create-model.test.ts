import { describe, expect, it } from 'vitest';
import { createModel } from '../../activities/reason/create-model.ts';
import { forgetLibrarySettings } from '../../activities/reason/environment.ts';
import { ModelProvider, ProcessConfig, ProcessSecrets } from '../../contracts/config.ts';

const prices = { inputPerMillion: 3, outputPerMillion: 15 };
const provider = ModelProvider.parse({ name: 'test-1', prices });
const providerKey = 'sk-0123456789';
type Asked = Parameters<typeof createModel>[0];
const production = (model: Asked['model'], more: Partial<Asked> = {}): Asked => ({
  mode: 'production',
  model,
  ...more,
});

describe('the model that is configured', () => {
  it.each<[Asked['model'], string]>([
    ['rules', 'rules'],
    ['anthropic', 'anthropic/test-1'],
    ['openai', 'openai/test-1'],
  ])('may be %s in production', async (model, name) => {
    expect((await createModel(production(model, { provider }), { providerKey })).name).toBe(name);
  });

  it.each(['demo', 'hijacked', 'scripted'] as const)('may not be %s in production', async (model) => {
    await expect(createModel(production(model), {})).rejects.toMatchObject({ code: 'BAD_INPUT' });
  });

  it.each<[string, Asked, { providerKey?: string }, string]>([
    ['a provider without its settings', production('openai'), { providerKey }, '`provider`'],
    ['Anthropic without a key', production('anthropic', { provider }), {}, '`providerKey`'],
  ])('is not %s', async (_what, config, secrets, says) => {
    const refusal = expect.stringContaining(says);
    await expect(createModel(config, secrets)).rejects.toMatchObject({ code: 'BAD_INPUT', message: refusal });
  });

  it('may be a server that asks for no key', async () => {
    expect((await createModel(production('openai', { provider }), {})).name).toBe('openai/test-1');
  });

  it.each([
    [
      'an address in the clear, which the key and the evidence would go to',
      { baseUrl: 'http://models.example.com/v1' },
    ],
    ['no prices', { prices: undefined }],
    ['a negative price', { prices: { ...prices, inputPerMillion: -1 } }],
    ['no budget', { budget: { costMax: 0 } }],
    ['a name with a line break', { name: 'a\nb' }],
    ['a field that nobody knows', { apiKey: providerKey }],
  ])('is refused with %s', (_what, change) => {
    expect(ModelProvider.safeParse({ name: 'test-1', prices, ...change }).success).toBe(false);
  });

  it('has its key among the secrets and nowhere in the configuration', () => {
    const key = { kty: 'OKP', crv: 'Ed25519', x: 'a'.repeat(43), d: 'b'.repeat(43) };
    expect(ProcessSecrets.safeParse({ process: 'reasoner', key, providerKey }).success).toBe(true);
    expect(ProcessSecrets.safeParse({ process: 'reasoner', key, providerKey: 'two\nlines-of-it' }).success).toBe(false);
    expect(ProcessConfig.safeParse({ process: 'reasoner', providerKey }).success).toBe(false);
  });
});

describe('the environment of the reasoner', () => {
  it('loses what the model libraries would read there, and nothing else', () => {
    const env: Record<string, string | undefined> = {
      LANGSMITH_TRACING: 'true',
      LANGCHAIN_TRACING_V2: 'true',
      LANGSMITH_GATEWAY_URL: 'https://example.com',
      ANTHROPIC_AUTH_TOKEN: 'x',
      OPENAI_BASE_URL: 'https://example.com',
      openai_log: 'debug',
      HOLDPOINT_CONFIG: '/config.json',
      TEMPORAL_ADDRESS: 'localhost:7233',
    };
    expect(forgetLibrarySettings(env)).toHaveLength(6);
    expect(env).toEqual({ HOLDPOINT_CONFIG: '/config.json', TEMPORAL_ADDRESS: 'localhost:7233' });
  });
});
