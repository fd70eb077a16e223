import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readRunbooksOf } from '../../cli/local/runbook-files.ts';

const shipped = join(import.meta.dirname, '..', '..', 'runbooks');
let dir: string | null = null;
afterEach(async () => {
  if (dir !== null) await rm(dir, { recursive: true, force: true });
  dir = null;
});

describe('the runbooks of one role', () => {
  it('leave out those that no executor of it could run, and say which', async () => {
    const { files, loaded, others } = await readRunbooksOf('payments-db', shipped);
    expect(files.map(({ file }) => file).every((name) => name.startsWith('postgres-'))).toBe(true);
    expect(new Set(loaded.map(({ runbook }) => runbook.identity.role))).toEqual(new Set(['payments-db']));
    expect(others).toContain('kubernetes-crash-loop-after-rollout');
    const inCluster = await readRunbooksOf('shop-cluster', shipped);
    expect(inCluster.loaded.map(({ id }) => id).sort()).toEqual([...others].sort());
  });

  it('are refused where none is left, and where any file is bad', async () => {
    await expect(readRunbooksOf('nobody', shipped)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    dir = await mkdtemp(join(tmpdir(), 'holdpoint-runbooks-'));
    await writeFile(join(dir, 'bad.yaml'), 'v: [');
    await expect(readRunbooksOf('payments-db', dir)).rejects.toMatchObject({ code: 'RUNBOOK_INVALID' });
  });
});
