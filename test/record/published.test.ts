import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { openCheckpoint } from '../../activities/record/checkpoint.ts';
import { verifyArchive } from '../../activities/record/verify.ts';
import { askDoor } from '../../activities/record/wire.ts';
import { CheckpointsConfig } from '../../contracts/config.ts';
import { buildProbe, type Probe } from '../support/probe.ts';
import { describeWith } from '../support/skips.ts';
import { begin, codeFrom, hold, ready } from './incident.ts';
import { openProcessStage } from './process-stage.ts';
import { segmentsOnDisk } from './segments-on-disk.ts';
import { freshWorkflowId, keys, openStage, openWorld, type Stage, type World } from './stage.ts';

vi.setConfig({ testTimeout: 60_000 });
const textsIn = (folder: string) =>
  (existsSync(folder) ? readdirSync(folder) : [])
    .filter((name) => name.endsWith('.txt'))
    .sort()
    .map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }));

describeWith('temporal', 'a recorder that keeps its checkpoints elsewhere', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world.close());

  describeWith('temporal', 'in its own process', () => {
    let probe: Probe;
    beforeAll(async () => {
      probe = await buildProbe('workers/recorder.ts');
    });
    afterAll(() => probe.remove());
    it.each(['before-publish', 'after-publish'])('dies at %s, and publishes what follows from it', async (point) => {
      const under = await openProcessStage(world, probe);
      await under.start(`recorder.${point}`);
      expect(await under.ended()).toBe('SIGKILL');
      await under.start();
      await ready(under.stage);
      await hold(under.stage, await begin(under.stage));
      const folder = join(under.archive, '..', 'checkpoints');
      await vi.waitFor(() => expect(textsIn(folder).length).toBeGreaterThan(1), 10_000);
      const checkpoints = textsIn(folder);
      expect((await verifyArchive({ dir: under.archive, keys, checkpoints })).faults).toEqual([]);
      await under.close();
    });
  });

  describeWith('temporal', 'in a folder', () => {
    let stage: Stage;
    let folder: string;
    beforeEach(async () => {
      stage = await openStage({ world });
      folder = join(stage.dir, 'elsewhere');
      await stage.restart({ checkpoints: CheckpointsConfig.parse({ dir: folder, everyMs: 3_600_000 }) });
      await stage.recorder.look('checkpoints');
    });
    afterEach(() => stage.close());

    it('does so at once when a run is sealed', async () => {
      const before = textsIn(folder).length;
      await ready(stage);
      const workflowId = freshWorkflowId();
      const handle = await world.client.workflow.start('incident', { workflowId, taskQueue: 'nobody' });
      await begin(stage, stage.rules, { workflowId, runId: handle.firstExecutionRunId });
      await handle.terminate();
      await stage.recorder.look('incidents');
      const checkpoints = textsIn(folder);
      expect(checkpoints.length).toBe(before + 1);
      expect(openCheckpoint(checkpoints.at(-1)?.text.split('\n\n').slice(1).join('\n\n') ?? '', keys).size).toBe(
        stage.recorder.log.head().size,
      );
      expect((await verifyArchive({ dir: stage.archive, keys, checkpoints })).faults).toEqual([]);
    });
    it('does not begin again on an archive that was rewound, and leaves it to the next', async () => {
      await stage.recorder.stop();
      const [last = ''] = segmentsOnDisk(stage.archive).keys().slice(-1);
      rmSync(join(stage.archive, last));
      const checkpoints = CheckpointsConfig.parse({ dir: folder });
      expect(await codeFrom(stage.restart({ checkpoints }))).toBe('RECORD_DAMAGED');
      await stage.restart();
    });
    it('shows the newest to whoever asks', async () => {
      const reply = await askDoor({ url: stage.recorder.url, keys }, { method: 'GET', path: '/v1/checkpoint' }, 5_000);
      expect(openCheckpoint(reply.toString(), keys).size).toBe(stage.recorder.log.head().size);
    });
  });
});
