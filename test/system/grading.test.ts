import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { verifyArchive } from '../../activities/record/verify.ts';
import { writeClientConfig } from '../../cli/client-config.ts';
import type { RunbookStatus } from '../../contracts/runbook-status.ts';
import { holdpoint } from '../cli/under-test.ts';
import { describeWith } from '../support/skips.ts';
import { raise, untilRecord } from './support/incident.ts';
import { runbookWith } from './support/runbook-text.ts';
import { type Stuck, startStuck } from './support/stuck.ts';
import { eventually, type PersonName, runbookId, type System, startSystem } from './support/system.ts';

describeWith(['temporal', 'postgres'], 'a rehearsal of a real incident, in the hands of people', () => {
  let system: System;
  let stuck: Stuck;
  const as =
    (person: PersonName) =>
    (...argv: string[]) =>
      holdpoint(['runbook', ...argv], { env: { HOLDPOINT_HOME: join(system.dir, person) } });
  const home = async (person: PersonName) => {
    const { workspace } = system;
    const [alertTokenFile, runbooksDir, archiveDir, temporalUi] = [null, null, null, null];
    const { recorder: recorderUrl, gateway: gatewayUrl } = workspace.urls;
    await writeClientConfig(join(system.dir, person), {
      ...{ v: 1, temporalUi, alertTokenFile, runbooksDir, archiveDir, recorderUrl, gatewayUrl },
      keys: workspace.keys,
      manifestDir: workspace.manifestDir,
      temporal: { address: '127.0.0.1:1', namespace: system.namespace },
      sshKey: system.people[person].keyFile,
      person: system.people[person].person,
    });
  };
  const status = async () =>
    (JSON.parse((await as('first')('status', runbookId, '--json')).out) as RunbookStatus[])[0] as RunbookStatus;

  beforeAll(async () => {
    system = await startSystem({ ring: null, runbook: runbookWith({ settleMsMax: 500 }) });
    for (const person of ['first', 'second', 'former'] as const) {
      mkdirSync(join(system.dir, person));
      await home(person);
    }
    stuck = await startStuck(system.payments);
    const incident = await raise(system);
    await untilRecord(system, incident, 'verdict', ({ verdict }) => verdict.kind === 'rehearse');
  }, 120_000);
  afterAll(async () => {
    await stuck?.stop();
    await system?.stop();
  });

  it('waits to be graded, begins the dry run, and is shown as it would have been on its card', async () => {
    await eventually('the proposal', async () => (await status()).ungraded.total === 1);
    const { ungraded, dryRun } = await status();
    expect(dryRun).toMatchObject({ since: expect.any(String), days: 0, daysMin: 14 });
    const digest = ungraded.oldest[0]?.digest ?? '';
    const graded = await as('first')('grade', digest, 'correct', '--reason', 'it blocked', '--yes', '--json');
    expect(graded.err).toMatch(/tool +high risk postgres\.terminateBackend/);
    expect(graded.err).toContain('predicted');
    expect(JSON.parse(graded.out)).toMatchObject({ ok: true, grades: { correct: 1, graded: 1 } });
    const former = await as('former')('grade', digest, 'wrong', '--reason', 'r', '--yes', '--json');
    expect(former.err).toContain('STATEMENT_NOT_POWERED');
  }, 60_000);
  it('earns nothing in a day; a waiver does without, a demotion ends it, and all of it is on a record that verifies', async () => {
    const promoted = await as('first')('promote', runbookId, '--ring', '1', '--yes', '--json');
    expect(JSON.parse(promoted.out)).toMatchObject({ error: { code: 'NOT_EARNED' } });
    const waived = await as('first')('waive', runbookId, '--ring', '2', '--reason', 'trial', '--yes', '--json');
    expect(JSON.parse(waived.out)).toMatchObject({ standing: { ring: 2 } });
    const demoted = await as('second')('demote', runbookId, '--reason', 'enough', '--yes', '--json');
    expect(JSON.parse(demoted.out)).toMatchObject({ standing: { ring: 0, rule: 'standing.demoted' } });
    expect(stuck.endedBy()).toBeNull();
    const { faults } = await verifyArchive({ dir: system.workspace.archiveDir, keys: system.workspace.keys });
    expect(faults).toEqual([]);
  }, 60_000);
});
