import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { fenceId } from '../../contracts/queues.ts';
import { type AlertState, type PagerDuty, startPagerDuty } from '../support/pagerduty.ts';
import { describeWith } from '../support/skips.ts';
import { parsedTexts, type Slack, startSlack } from '../support/slack.ts';
import { approve, raise, untilHeld, untilRecord, untilSealed } from './support/incident.ts';
import { type Receiver, startReceiver } from './support/receiver.ts';
import { runbookWith } from './support/runbook-text.ts';
import { type Stuck, startStuck } from './support/stuck.ts';
import { eventually, type System, startSystem } from './support/system.ts';

/** A hold expires after this; much shorter, and a slow machine would not get its release in. */
const approvalWaitMsMax = 12_000;

describeWith(['temporal', 'postgres'], 'someone is told', () => {
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const marker = join(tmpdir(), `holdpoint-notify-${process.pid}-${randomBytes(4).toString('hex')}`);
  const routingKey = randomBytes(16).toString('hex');
  let receiver: Receiver;
  let pagerDuty: PagerDuty;
  let slack: Slack;
  let system: System;
  let stuck: Stuck;
  beforeAll(async () => {
    receiver = await startReceiver(secret);
    pagerDuty = await startPagerDuty(routingKey);
    slack = await startSlack(randomBytes(12).toString('hex'));
    system = await startSystem({
      runbook: runbookWith({ settleMsMax: 500 }),
      limits: { approvalWaitMsMax, effectMsMax: 3_000 },
      notify: [
        { kind: 'webhook', name: 'audit', url: receiver.url, secret },
        { kind: 'pagerduty', name: 'payments-oncall', routingKey, url: pagerDuty.url },
        { kind: 'slack', name: 'ops-room', url: slack.url, about: ['hold-waits', 'stopped', 'resumed'] },
      ],
      failpoints: { executor: `executor.after-effect=kill@${marker}` },
      restartOnCrash: true,
    });
  }, 120_000);
  afterEach(async () => {
    receiver.answer(204);
    await stuck?.stop();
    // Every page that came at all came signed, and in the form that its receiver documents.
    expect(receiver.forged()).toBe(0);
    expect([pagerDuty.refused, slack.refused]).toEqual([[], []]);
  });
  afterAll(async () => {
    await system?.stop();
    await Promise.all([receiver?.stop(), pagerDuty?.stop(), slack?.stop()]);
  });
  /** The state of the alert that PagerDuty has for what this page to the webhook is about. */
  const alertOf = (page: { body: Readonly<Record<string, unknown>> }) => pagerDuty.stateOf(String(page.body.alert));
  const untilAlert = (page: { body: Readonly<Record<string, unknown>> }, state: AlertState) =>
    eventually(`the alert to be ${state}`, () => alertOf(page) === state, 30_000);
  const pageOf = (about: string, workflowId: string | null, forMs?: number) =>
    receiver.until(({ body }) => body.type === `holdpoint.${about}` && body.workflowId === workflowId, forMs);

  it('when a hold waits, with the command that releases it, and when it has expired; nothing is done', async () => {
    stuck = await startStuck(system.payments);
    const incident = await raise(system);
    const { digest } = await untilHeld(incident);
    const waits = await pageOf('hold-waits', incident.workflowId);
    expect(waits.body.commands).toEqual([`holdpoint approve ${incident.workflowId} ${digest}`]);
    expect(waits.body.detail).toContain(`session ${stuck.pid} `);
    await untilAlert(waits, 'triggered');
    const command = `\`holdpoint approve ${incident.workflowId} ${digest}\``;
    await eventually('the message', () => slack.messages.flatMap(parsedTexts).includes(command));
    const expired = await pageOf('hold-expired', incident.workflowId, approvalWaitMsMax + 20_000);
    expect(expired.body.detail).toContain('nobody released it');
    await untilAlert(waits, 'resolved');
    expect(await incident.result()).toBe('concluded');
    expect(stuck.endedBy()).toBeNull();
    expect(await untilSealed(system, incident)).not.toContain('intent');
    const told = await system.records('page', incident.workflowId);
    expect(told.map(({ about, delivered }) => [about, delivered])).toEqual(
      expect.arrayContaining([
        ['hold-waits', true],
        ['hold-expired', true],
        ['not-recovered', true],
      ]),
    );
    const first = told.find(({ about }) => about === 'hold-waits');
    expect(first).toMatchObject({ digest, to: 'payments-oncall (audit, payments-oncall, ops-room)' });
    expect(first?.channels?.map(({ delivered }) => delivered)).toEqual([true, true, true]);
  }, 90_000);

  it('again with the same id when a receiver failed; and when it stays away the incident goes on all the same', async () => {
    receiver.answer(500);
    stuck = await startStuck(system.payments);
    const incident = await raise(system);
    const { digest } = await untilHeld(incident);
    const failed = await untilRecord(system, incident, 'page', ({ about }) => about === 'hold-waits');
    // The others took it, so somebody was told.
    expect(failed.delivered).toBe(true);
    expect(failed.channels?.[0]).toEqual({ channel: 'audit', kind: 'webhook', delivered: false, fault: 'status 500' });
    const tries = receiver.received.filter(({ body }) => body.workflowId === incident.workflowId);
    expect(tries.length).toBeGreaterThan(1);
    expect(new Set(tries.map(({ id }) => id)).size).toBe(1);
    expect((await untilHeld(incident)).digest).toBe(digest);
    // A killed run tells nobody anything, so the recorder ends what was opened for it.
    const waits = tries[0] ?? { body: {} };
    await untilAlert(waits, 'triggered');
    await incident.cancel();
    await untilSealed(system, incident);
    await untilAlert(waits, 'resolved');
  }, 90_000);

  it('when nobody knows what came of an attempt, by the name of its action', async () => {
    stuck = await startStuck(system.payments);
    const incident = await raise(system);
    const hold = await untilHeld(incident);
    await approve(system, incident, hold);
    await eventually('the effect', () => stuck.endedBy(), 30_000);
    const page = await receiver.until(
      ({ body }) =>
        body.type === 'holdpoint.outcome-unknown' && body.detail.includes(`attempt 1 at action ${hold.digest}`),
      60_000,
    );
    expect(page.body.workflowId).toBe(incident.workflowId);
    await untilAlert(page, 'triggered');
    await untilAlert(await pageOf('hold-waits', incident.workflowId), 'resolved');
    expect(pagerDuty.events.map(({ event_action }) => event_action)).toContain('acknowledge');
    await incident.result();
    await untilSealed(system, incident);
    const statuses = (await system.records('outcome', incident.workflowId)).map(({ status }) => status);
    expect(statuses).toContain('unknown');
    expect(statuses).not.toContain('done');
    const told = (await system.records('page', incident.workflowId)).filter(({ about }) => about === 'outcome-unknown');
    expect(told.map(({ delivered }) => delivered)).toContain(true);
  }, 120_000);

  it('when something stopped and when it is resumed, also when it was stopped by nothing but Temporal itself', async () => {
    await system.handle(fenceId({ kind: 'all' })).cancel();
    const page = await pageOf('stopped', null);
    expect(page.body.detail).toContain('fence/all is stopped (cancelled)');
    expect(await system.records('kill')).toMatchObject([{ scope: 'fence/all', how: 'cancelled' }]);
    await untilAlert(page, 'triggered');
    await system.resume({ kind: 'all' });
    expect((await pageOf('resumed', null)).body.detail).toContain('fence/all is resumed by first@example.com');
    await untilAlert(page, 'resolved');
  }, 60_000);
});
