import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Page, severityOf } from '../../activities/notify/page.ts';
import { type PagerDuty, startPagerDuty } from '../support/pagerduty.ts';
import { digest, notifierOf, pageOf, routingKey, type UnderTest } from './under-test.ts';

const other = 'e'.repeat(64);
const stop: Partial<Page> = { about: 'stopped', scope: 'fence/all', workflowId: null, digest: null, record: 7 };

describe('a page to PagerDuty', () => {
  let pagerDuty: PagerDuty;
  let notifier: UnderTest;
  const from = (namespace: string) =>
    notifierOf([{ kind: 'pagerduty', name: 'oncall', routingKey, url: pagerDuty.url }], { namespace });
  beforeEach(async () => {
    pagerDuty = await startPagerDuty(routingKey);
    notifier = from('payments');
  });
  afterEach(async () => {
    expect(pagerDuty.refused).toEqual([]);
    await pagerDuty.stop();
  });
  const keyOf = async (change: Partial<Page> = {}, by = notifier) => {
    expect((await by.page(pageOf(change))).delivered).toBe(true);
    return pagerDuty.events.at(-1)?.dedup_key;
  };

  it('is an alert event as it is documented, with what an engineer needs to decide', async () => {
    expect(await notifier.page(pageOf({ severity: 'critical', escalation: 'payments-oncall' }))).toEqual({
      to: 'payments-oncall (oncall)',
      delivered: true,
      channels: [{ channel: 'oncall', kind: 'pagerduty', delivered: true, fault: null }],
    });
    const { commands, detail, runbook, workflowId } = pageOf();
    expect(pagerDuty.events).toMatchObject([
      {
        event_action: 'trigger',
        payload: {
          summary: `a write waits for your release: ${detail}`,
          source: workflowId,
          severity: 'critical',
          component: runbook,
          class: 'hold-waits',
          custom_details: { detail, commands, action: digest, escalation: 'payments-oncall' },
        },
      },
    ]);
  });

  it('opens an alert when a hold waits, acknowledges it at the release, and resolves it at the end', async () => {
    const key = await keyOf();
    expect(pagerDuty.stateOf(key)).toBe('triggered');
    // Another process tells it, of another record and without the run: it is the same alert.
    const recorder = from('payments');
    const told = { runId: null, commands: [], detail: 'released by first@example.com' };
    expect(await keyOf({ ...told, about: 'hold-released' }, recorder)).toBe(key);
    expect(pagerDuty.stateOf(key)).toBe('acknowledged');
    expect(await keyOf({ ...told, about: 'hold-ended' }, recorder)).toBe(key);
    expect(pagerDuty.stateOf(key)).toBe('resolved');
  });

  it.each([
    ['a hold that expired', {}, { about: 'hold-expired' }],
    ['a stop that was resumed', stop, { ...stop, about: 'resumed', record: 9 }],
    [
      'an incident that was given up, and recovered in a later run',
      { about: 'gave-up' },
      { about: 'closed', runId: null },
    ],
  ] as const)('resolves the alert of %s', async (_what, opens, ends) => {
    const key = await keyOf(opens);
    expect(await keyOf(ends)).toBe(key);
    expect(pagerDuty.stateOf(key)).toBe('resolved');
  });

  it('is one alert when workflow and recorder both tell of the same unknown outcome', async () => {
    const key = await keyOf({ about: 'outcome-unknown' });
    expect(await keyOf({ about: 'outcome-unknown', runId: null, record: 12 }, from('payments'))).toBe(key);
  });

  it('is an alert of its own for another action, incident, scope, installation or matter', async () => {
    const keys = [
      await keyOf(),
      await keyOf({ digest: other }),
      await keyOf({ workflowId: 'incident/alertmanager/0a1c' }),
      await keyOf({ about: 'outcome-unknown' }),
      await keyOf({ about: 'gave-up' }),
      await keyOf(stop),
      await keyOf({ ...stop, scope: 'fence/runbook/x' }),
      await keyOf({}, from('search')),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('leaves alerts open that another page is about', async () => {
    const [first, second] = [await keyOf(), await keyOf({ digest: other })];
    await keyOf({ about: 'hold-ended', digest: other });
    expect([first, second].map((key) => pagerDuty.stateOf(key))).toEqual(['triggered', 'resolved']);
  });

  it('shows hostile text as data, and never more than fits', async () => {
    const hostile = `\u202Egnp.exe\u202C \u001b[31mred\u001b[0m\nsecond line ${'🙂 & <!channel> '.repeat(20_000)}\ud800`;
    await notifier.page(pageOf({ detail: hostile, escalation: hostile, commands: [hostile, hostile] }));
    const [event] = pagerDuty.events;
    const text = JSON.stringify(event);
    expect(text).toContain('\\\\u{202E}gnp.exe');
    expect(text).toContain('\\\\u{001B}[31mred');
    expect(text).not.toMatch(/[\p{C}\p{Default_Ignorable_Code_Point}]|\\n/u);
    expect(text.length).toBeLessThan(20_000);
  });

  it('is valid under the documented format, whatever texts it is made of', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 3_000 });
    await fc.assert(
      fc.asyncProperty(text, text, fc.option(text), async (detail, workflowId, runbook) => {
        const page = pageOf({ detail, workflowId: `w${workflowId}`, runbook, commands: [detail] });
        expect((await notifier.page(page)).delivered).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

describe('the severity of a page', () => {
  it.each([
    ['critical', 'critical'],
    ['P1', 'critical'],
    ['page', 'critical'],
    ['major', 'error'],
    ['warning', 'warning'],
    ['info', 'warning'],
    ['none', 'warning'],
    ['unknown', 'error'],
    ['constructor', 'error'],
    [null, 'error'],
  ] as const)('follows the alert that says %s: %s, and is never less than a warning', (word, severity) => {
    expect(severityOf('hold-waits', word)).toBe(severity);
  });
  it.each([
    ['outcome-unknown', 'critical'],
    ['stopped', 'error'],
    ['hold-ended', 'info'],
    ['resumed', 'info'],
    ['closed', 'info'],
  ] as const)('is fixed for %s, whatever a label says: %s', (about, severity) => {
    for (const word of ['info', 'critical', null]) expect(severityOf(about, word)).toBe(severity);
  });
});
