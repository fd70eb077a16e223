import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { beforeAll, describe, expect, it } from 'vitest';
import { testBundle } from '../workflows/bundle.ts';
import { scenarios } from './scenarios.ts';
import { twins } from './twins.ts';

const folder = join(import.meta.dirname, 'histories');
const goldens = readdirSync(folder).map((file) => file.replace(/\.json$/, ''));
const history = (name: string): unknown => JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));

describe('a golden history', () => {
  let code = '';
  beforeAll(async () => {
    ({ code } = await testBundle());
  }, 60_000);
  const replay = (bundle: string, name: string) =>
    Worker.runReplayHistory({ workflowBundle: { code: bundle } }, history(name), 'incident/test/golden');

  it('is kept for every scenario, and has a twin', () => {
    expect(goldens.sort()).toEqual(Object.keys(scenarios).sort());
    expect(twins.map(({ golden }) => golden).sort()).toEqual([...goldens].sort());
  });

  it.each(goldens)('replays under the workflow as it is: %s', async (name) => {
    await replay(code, name);
  });

  it.each(twins)('rings for its twin: $golden, when $changes', async ({ golden, find, replace }) => {
    expect(code.split(find).length - 1).toBe(1);
    await expect(
      replay(
        code.replace(find, () => replace),
        golden,
      ),
    ).rejects.toThrow(DeterminismViolationError);
  });
});
