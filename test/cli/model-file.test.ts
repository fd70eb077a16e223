import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readModelFile } from '../../cli/local/model-file.ts';

describe('the file that names the model', () => {
  const dir = mkdtempSync(join(tmpdir(), 'holdpoint-model-file-'));
  const file = join(dir, 'model.json');
  const providerKey = 'sk-planted-model-key-0123';
  const provider = { name: 'test-1', prices: { inputPerMillion: 3, outputPerMillion: 15 } };
  const read = (value: unknown) => {
    writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value));
    return readModelFile(file);
  };
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('need not be there: then it is the rules reasoner', async () => {
    expect(await readModelFile(join(dir, 'another.json'))).toEqual({ model: 'rules' });
  });
  it('names a provider, with its limits where none are given', async () => {
    const choice = await read({ model: 'anthropic', provider, providerKey });
    expect(choice).toMatchObject({ model: 'anthropic', providerKey, provider: { name: 'test-1', triesMax: 4 } });
    expect(await read({ model: 'openai', provider })).toMatchObject({ model: 'openai' });
  });
  it.each([
    ['is no JSON', `{"providerKey": ${providerKey}`, 'expected JSON'],
    ['names a model that misbehaves', { model: 'hijacked' }, 'model'],
    ['has no key for Anthropic', { model: 'anthropic', provider }, 'providerKey'],
    ['has a key with a line break', { model: 'openai', provider, providerKey: `${providerKey}\n` }, 'providerKey'],
    ['has a field too many', { model: 'openai', provider, providerKey, key: providerKey }, 'key'],
  ])('is refused when it %s, without a value of it in the message', async (_what, value, says) => {
    const refusal = await read(value).catch((error: Error) => error);
    expect(refusal).toMatchObject({ code: 'BAD_INPUT', message: expect.stringContaining(says) });
    expect(JSON.stringify(refusal) + (refusal as Error).message).not.toContain(providerKey);
  });
});
