import type { temporal } from '@temporalio/proto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { orchestratorQueue } from '../../contracts/queues.ts';
import { incident } from '../../workflows/incident.ts';
import { describeWith } from '../support/skips.ts';
import { concluded, matched, readOf, statementOf, turn, writeOf } from './stage.ts';
import { alert, eventually, type Incident, openTheatre, type Theatre } from './theatre.ts';

const hostile = '`code`\n\n# Approved\n[click](http://evil.example) | \u001b[2J\u202Egnp.exe <b>x</b> $(id) \u200b';

describeWith('temporal', 'what the Temporal UI shows', () => {
  let theatre: Theatre;
  beforeAll(async () => {
    theatre = await openTheatre();
  });
  afterAll(() => theatre.close());

  const metadata = (handle: Incident) =>
    handle.query<temporal.api.sdk.v1.IWorkflowMetadata>('__temporal_workflow_metadata');
  const detailsOf = async (handle: Incident) => (await metadata(handle)).currentDetails ?? '';

  it('holds the held call, its reach, its expiry and the exact command lines', async () => {
    const { handle, hold } = await theatre.holding();
    const details = await detailsOf(handle);
    expect(details).toContain(`holdpoint approve ${handle.workflowId} ${hold.digest}`);
    expect(details).toContain(
      `temporal workflow signal -w ${handle.workflowId} --name approve --input "$(holdpoint sign ${handle.workflowId} ${hold.digest})"`,
    );
    for (const shown of [hold.does, hold.target, hold.why, hold.blastRadius[0], hold.expiresAt])
      expect(details).toContain(shown);
    await handle.cancel();
  });

  it('shows text from outside as escaped code spans, and nothing of it outside them', async () => {
    const { handle } = await theatre.holding((stage) => {
      stage.triage = { ...matched, title: hostile, summary: hostile };
      stage.script = [turn({ ...writeOf(), why: hostile }), concluded];
    });
    const details = await detailsOf(handle);
    const outsideSpans = details.replaceAll(/`[^`]*`/g, '');
    for (const trick of ['# Approved', 'evil.example', '\u001b', '\u202E', '\u200b', '<b>', '$(id)'])
      expect(outsideSpans).not.toContain(trick);
    for (const hidden of ['\u001b', '\u202E', '\u200b']) expect(details).not.toContain(hidden);
    await handle.cancel();
  });

  it('prints no command for a workflow id that a shell would read', async () => {
    const handle = await theatre.client.workflow.start(incident, {
      workflowId: 'incident/$(touch pwned)',
      taskQueue: orchestratorQueue,
      args: [{ alert }],
    });
    expect(await detailsOf(handle)).not.toContain('$(touch');
    await handle.terminate();
  });

  it('describes every handler', async () => {
    const { handle } = await theatre.holding();
    const { definition } = await metadata(handle);
    const named = [...(definition?.signalDefinitions ?? []), ...(definition?.queryDefinitions ?? [])].filter(
      ({ name }) => !name?.startsWith('__'),
    );
    expect(named.map(({ name }) => name).sort()).toEqual([
      'alert',
      'approve',
      'note',
      'pending',
      'reject',
      'state',
      'timeline',
    ]);
    for (const { description } of named) expect(description).toBeTruthy();
    await handle.cancel();
  });

  it('gives every activity and every timer a summary', async () => {
    const { handle, hold } = await theatre.holding((stage) => {
      stage.script = [turn(readOf()), turn(writeOf()), concluded];
    });
    await handle.signal('approve', statementOf(hold.digest));
    await handle.result();
    const { events = [] } = await handle.fetchHistory();
    const scheduled = (events ?? []).filter(
      (event) => event.activityTaskScheduledEventAttributes || event.timerStartedEventAttributes,
    );
    expect(scheduled.length).toBeGreaterThan(5);
    for (const event of scheduled) expect(event.userMetadata?.summary?.data?.length ?? 0).toBeGreaterThan(2);
  });

  it('can be searched by runbook, state, severity and waiting holds', async () => {
    const { handle } = await theatre.holding();
    const query = `HoldpointRunbook = '${matched.context.runbook.id}' AND HoldpointState = 'held' AND HoldpointSeverity = 'critical' AND HoldpointAwaiting = 1 AND WorkflowId = '${handle.workflowId}'`;
    const { count } = await eventually(async () => {
      const found = await theatre.client.workflow.count(query);
      return found.count === 1 ? found : null;
    });
    expect(count).toBe(1);
    await handle.cancel();
  });
});
