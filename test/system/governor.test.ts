import { afterAll, beforeAll, expect, it } from 'vitest';
import { governorId } from '../../contracts/queues.ts';
import { governorQuery, lookSignal } from '../../workflows/messages.ts';
import { describeWith } from '../support/skips.ts';
import { eventually } from '../workflows/open-theatre.ts';
import { runbookId, type System, startSystem } from './support/system.ts';

describeWith(['temporal', 'postgres'], 'the governors of an installation', () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem({ only: ['recorder', 'orchestrator'] });
  }, 120_000);
  afterAll(() => system?.stop());
  const governor = () => system.client.workflow.getHandle(governorId(runbookId));

  it('are there once it runs, one for each runbook, and show where it stands', async () => {
    const view = await eventually(
      () =>
        governor()
          .query(governorQuery)
          .catch(() => null),
      60_000,
    );
    expect(view.runbook).toBe(runbookId);
    // It has looked at its start; the waiver came later.
    await governor().signal(lookSignal);
    const seen = await eventually(async () => {
      const { report } = await governor().query(governorQuery);
      return report?.standing.ring === 2 ? report : null;
    }, 30_000);
    expect(seen.standing.rule).toBe('standing.waived');
    expect(seen.endings).toMatchObject([{ what: 'waiver' }]);
  }, 120_000);
  it('follow the current bundle, where an incident is pinned', async () => {
    const { raw } = await governor().describe();
    expect(raw.workflowExecutionInfo?.versioningInfo?.behavior).toBe(2);
  });
  it('are no incidents to whoever lists, counts or stops these', async () => {
    const { count } = await eventually(async () => {
      const all = await system.client.workflow.count("WorkflowId = 'governor/postgres-blocked-by-idle-transaction'");
      return all.count > 0 ? all : null;
    });
    expect(count).toBe(1);
    expect((await system.client.workflow.count("WorkflowType = 'incident'")).count).toBe(0);
  });
});
