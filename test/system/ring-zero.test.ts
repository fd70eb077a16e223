import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith } from '../support/skips.ts';
import { approval, codeOf, executionOf, type Held, holdFor, type Rogue, startRogue } from './support/rogue.ts';
import { type Stuck, startStuck } from './support/stuck.ts';
import { runbookId, type System, startSystem } from './support/system.ts';

describeWith(
  ['temporal', 'postgres'],
  'a runbook that has earned no ring, under an orchestrator that was taken over',
  () => {
    let system: System;
    let rogue: Rogue;
    let stuck: Stuck;
    let held: Held;
    beforeAll(async () => {
      system = await startSystem({ only: ['recorder', 'executor', 'broker'], ring: null });
      rogue = await startRogue(system);
      stuck = await startStuck(system.payments);
      held = await holdFor(system, rogue, stuck.pid);
    }, 120_000);
    afterAll(async () => {
      await stuck?.stop();
      await rogue?.stop();
      await system?.stop();
    });
    const executed = async () => codeOf(rogue.ask('executeCall', executionOf(held, [await approval(system, held)])));
    const unharmed = async () => {
      expect(stuck.endedBy()).toBeNull();
      expect(await system.records('intent')).toEqual([]);
    };

    it('is not executed for a valid statement over a card that was shown all the same', async () => {
      expect(await executed()).toBe('VERDICT_NOT_HOLD');
      await unharmed();
    });
    it('is given no receipt for it either, even if the executor asked', async () => {
      const asked = system.recorderAs('executor').receipt({
        v: 1,
        action: held.bound,
        digest: held.digest,
        cardDigest: held.cardDigest,
        alertRef: held.context.alertRef,
        activityId: '1',
        activityAttempt: 1,
        execution: 'x'.repeat(22),
        statements: [await approval(system, held)],
        grant: null,
      });
      await expect(asked).rejects.toMatchObject({ code: 'RECEIPT_REFUSED' });
      await unharmed();
    });
    it('is not executed in ring 1, which is for low risk alone', async () => {
      await system.waive(1, system.workspace.manifest.manifest.payload.entries[`runbooks/${runbookId}`] ?? '');
      expect(await executed()).toBe('VERDICT_NOT_HOLD');
      await unharmed();
    });
  },
);
