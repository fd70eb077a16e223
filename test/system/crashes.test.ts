import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { share } from '../support/deep.ts';
import { describeWith } from '../support/skips.ts';
import { approval, executionOf, type Reply } from './support/rogue.ts';
import { type Scene, sceneOf } from './support/scene.ts';
import { eventually } from './support/system.ts';

describeWith(['temporal', 'postgres'], 'an executor that dies', () => {
  let scene: Scene;
  afterEach(() => scene?.stop(), 60_000);

  /** A hold that is ready to be released, and an executor that ends itself at one point, once. */
  async function sceneWith(failpoint: string, how: 'kill' | 'stop'): Promise<Scene> {
    const marker = join(tmpdir(), `holdpoint-${failpoint}-${process.pid}-${Math.random().toString(36).slice(2)}`);
    return sceneOf({
      failpoints: { executor: `${failpoint}=${how}@${marker}` },
      restartOnCrash: true,
      limits: { effectMsMax: 3_000, writesPerTargetPerHourMax: 20 },
    });
  }
  const release = async ({ system, rogue, held }: Scene): Promise<Reply> =>
    rogue.ask('executeCall', executionOf(held, [await approval(system, held)]), { attempts: 8 });

  /** Every intent of the incident with the outcomes that the log holds for it. */
  async function story({ system, rogue }: Scene) {
    const outcomes = await eventually(
      'an outcome for every intent',
      async () => {
        const intents = await system.records('intent', rogue.workflowId);
        const found = await system.records('outcome', rogue.workflowId);
        return intents.every(({ attempt }) => found.some((outcome) => outcome.attempt === attempt)) ? found : null;
      },
      40_000,
    );
    return {
      intents: await system.records('intent', rogue.workflowId),
      statuses: outcomes.map(({ status }) => status),
    };
  }

  it.each(share(['executor.before-receipt', 'executor.after-receipt', 'executor.before-effect'], 1))(
    'at %s: has the effect once, by a later attempt',
    async (failpoint) => {
      scene = await sceneWith(failpoint, 'kill');
      const reply = await release(scene);
      const { statuses } = await story(scene);
      expect(reply.ok && (reply.value as { payload: { status: string } }).payload.status).toBe('done');
      expect(statuses.filter((status) => status === 'done')).toHaveLength(1);
      expect(scene.stuck.endedBy()).toBe('57P01');
    },
    120_000,
  );

  it.each(share(['executor.after-effect', 'executor.after-sign'], 1))(
    'at %s: never says done for what nobody saw, and never does it again',
    async (failpoint) => {
      scene = await sceneWith(failpoint, 'kill');
      await release(scene);
      const { statuses } = await story(scene);
      expect(scene.stuck.endedBy()).toBe('57P01');
      expect(statuses).not.toContain('done');
      expect(statuses.filter((status) => status === 'unknown' || status === 'moved').length).toBeGreaterThan(0);
    },
    120_000,
  );

  it.each(share(['executor.after-outbox', 'executor.before-return'], 1))(
    'at %s: has the outcome recorded, once, as it was',
    async (failpoint) => {
      scene = await sceneWith(failpoint, 'kill');
      await release(scene);
      const { intents, statuses } = await story(scene);
      expect(intents).toHaveLength(1);
      expect(statuses).toEqual(['done']);
      expect(scene.stuck.endedBy()).toBe('57P01');
    },
    120_000,
  );

  it('frozen between receipt and effect until its time is over, has no effect when it goes on', async () => {
    scene = await sceneWith('executor.before-effect', 'stop');
    const ended = release(scene);
    await eventually(
      'the intent',
      async () => (await scene.system.records('intent', scene.rogue.workflowId)).length > 0,
      30_000,
    );
    // Long enough for `startBefore` to pass; the process cannot notice, as it does not run.
    await new Promise((resolve) => setTimeout(resolve, 3_500));
    expect(scene.stuck.endedBy()).toBeNull();
    scene.system.supervisor.kill('executor', 'SIGCONT');
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const first = (await scene.system.records('outcome', scene.rogue.workflowId)).filter(
      ({ attempt }) => attempt === 1,
    );
    expect(first.map(({ status }) => status)).not.toContain('done');
    await ended;
  }, 120_000);
});
