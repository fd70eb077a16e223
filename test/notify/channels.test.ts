import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Page } from '../../activities/notify/page.ts';
import { Notify } from '../../contracts/config.ts';
import { channelKinds, PageAbout } from '../../contracts/page.ts';
import { newDevelopmentKey } from '../../servers/keys.ts';
import { createScrubber } from '../../workers/process/logging.ts';
import { type Loopback, startLoopback } from '../support/loopback.ts';
import { type PagerDuty, startPagerDuty } from '../support/pagerduty.ts';
import { type Slack, startSlack } from '../support/slack.ts';
import { limits, notifierOf, pageOf, routingKey, slackToken, warmUp, webhookSecret } from './under-test.ts';

type Takes = { about?: Page['about'][]; severityMin?: Page['severity']; escalationOnly?: boolean };

beforeAll(warmUp);

describe('several channels', () => {
  let pagerDuty: PagerDuty;
  let slack: Slack;
  let receiver: Loopback;
  beforeEach(async () => {
    pagerDuty = await startPagerDuty(routingKey);
    slack = await startSlack(slackToken);
    receiver = await startLoopback(() => ({ status: 204, type: 'text/plain', body: '' }));
  });
  afterEach(() => Promise.all([pagerDuty.stop(), slack.stop(), receiver.stop()]));
  const told = (takes: { oncall?: Takes; room?: Takes; audit?: Takes } = {}) => {
    const url = `${receiver.origin}/hook?token=planted-in-the-url`;
    const channels = [
      { kind: 'pagerduty', name: 'oncall', routingKey, url: pagerDuty.url, ...takes.oncall },
      { kind: 'slack', name: 'room', url: slack.url, ...takes.room },
      { kind: 'webhook', name: 'audit', url, secret: webhookSecret, ...takes.audit },
    ] as const;
    return notifierOf(channels, { limits });
  };
  const names = (paged: { channels: readonly { channel: string }[] }) => paged.channels.map(({ channel }) => channel);

  it('are all told, at the same time, and each answer is kept', async () => {
    slack.trouble({ status: 404 });
    receiver.trouble('drip', 'drip', 'drip');
    const began = performance.now();
    expect(await told().page(pageOf())).toEqual({
      to: 'whoever is on call (oncall, room, audit)',
      delivered: true,
      channels: [
        { channel: 'oncall', kind: 'pagerduty', delivered: true, fault: null },
        { channel: 'room', kind: 'slack', delivered: false, fault: 'status 404' },
        { channel: 'audit', kind: 'webhook', delivered: false, fault: expect.stringMatching(/^no answer in time/) },
      ],
    });
    expect(performance.now() - began).toBeLessThan(limits.pageMsMax + limits.attemptMsMax);
  });
  it('have told nobody when none took it', async () => {
    const refusal = { status: 400 };
    for (const server of [pagerDuty, slack, receiver]) server.trouble(refusal);
    expect((await told().page(pageOf())).delivered).toBe(false);
  });
  it('that are none tell nobody, and say so', async () => {
    const paged = await notifierOf([]).page(pageOf());
    expect(paged).toEqual({
      to: 'whoever is on call (nobody: no channel is configured)',
      delivered: false,
      channels: [],
    });
  });

  it.each<[string, Parameters<typeof told>[0], Partial<Page>, string[]]>([
    ['by what a page is about', { room: { about: ['closed'] } }, {}, ['oncall', 'audit']],
    ['by severity', { oncall: { severityMin: 'critical' } }, { severity: 'error' }, ['room', 'audit']],
    [
      'by severity, reached',
      { oncall: { severityMin: 'critical' } },
      { severity: 'critical' },
      ['oncall', 'room', 'audit'],
    ],
    ['by escalation, not named', { oncall: { escalationOnly: true } }, { escalation: 'room' }, ['room', 'audit']],
    [
      'by escalation, named',
      { oncall: { escalationOnly: true } },
      { escalation: 'oncall' },
      ['oncall', 'room', 'audit'],
    ],
    [
      'never by words that name none',
      { oncall: { escalationOnly: true } },
      { escalation: 'the oncall' },
      ['room', 'audit'],
    ],
  ])('are chosen %s', async (_how, takes, change, expected) => {
    expect(names(await told(takes).page(pageOf(change)))).toEqual(expected);
  });
  it('are all told of what asks for a person, when none of them wants it', async () => {
    const takes = { about: ['closed'] as Page['about'][] };
    const notifier = told({ oncall: { escalationOnly: true }, room: takes, audit: takes });
    expect(names(await notifier.page(pageOf()))).toEqual(['oncall', 'room', 'audit']);
    expect(names(await notifier.page(pageOf({ about: 'resumed', scope: 'fence/all' })))).toEqual(['oncall']);
  });
  it('end what they may have opened, whatever else they take', async () => {
    const notifier = told({ oncall: { severityMin: 'error', about: ['hold-waits'], escalationOnly: true } });
    await notifier.page(pageOf({ escalation: 'oncall' }));
    await notifier.page(pageOf({ about: 'hold-ended', severity: 'info' }));
    expect(pagerDuty.stateOf(pagerDuty.events[0]?.dedup_key)).toBe('resolved');
  });

  it('are told once when an activity runs again, and again where telling had failed', async () => {
    const notifier = told();
    slack.trouble({ status: 400 });
    expect((await notifier.page(pageOf())).channels.map(({ delivered }) => delivered)).toEqual([true, false, true]);
    expect((await notifier.page(pageOf())).channels.map(({ delivered }) => delivered)).toEqual([true, true, true]);
    await Promise.all([notifier.page(pageOf()), notifier.page(pageOf())]);
    expect([pagerDuty, slack, receiver].map(({ asked }) => asked.length)).toEqual([1, 2, 1]);
    await notifier.page(pageOf({ runId: null }));
    expect(pagerDuty.asked).toHaveLength(2);
  });

  it('leave no secret in what is logged, counted or recorded', async () => {
    const notifier = told();
    const troubles = [{ status: 500 }, 'hang-up', { status: 302, headers: { location: '/elsewhere' } }] as const;
    for (const server of [pagerDuty, slack, receiver]) server.trouble(...troubles);
    const paged = await notifier.page(pageOf());
    expect(paged.delivered).toBe(false);
    const said = JSON.stringify([paged, notifier.warned, await notifier.metrics()]);
    expect(notifier.warned).toHaveLength(9);
    expect(said).toContain('holdpoint_pages_total{channel=\\"room\\",end=\\"failed\\"} 1');
    expect(said).not.toMatch(new RegExp(`${routingKey}|${slackToken}|planted|whsec|127\\.0\\.0\\.1`));
  });
});

describe('what is configured', () => {
  const pagerDuty = { kind: 'pagerduty', name: 'oncall', routingKey };
  const slack = { kind: 'slack', name: 'room', url: `https://hooks.slack.com/services/T0/B0/${slackToken}` };
  const webhook = { kind: 'webhook', name: 'audit', url: 'http://audit.example.com/pages', secret: webhookSecret };

  it('is taken with its defaults', () => {
    expect(Notify.parse([pagerDuty, slack, webhook])).toMatchObject([
      { url: 'https://events.pagerduty.com/v2/enqueue', escalationOnly: false },
      {},
      {},
    ]);
  });
  it('is explained with an example that is taken, and with every page that there is', () => {
    const docs = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'operations.md'), 'utf8');
    const example = docs.split('## Paging')[1]?.split('```json')[1]?.split('```')[0] ?? '';
    expect(Notify.parse(JSON.parse(example)).map(({ kind }) => kind)).toEqual([...channelKinds]);
    for (const about of PageAbout.options) expect(docs).toMatch(new RegExp(`^\\|.*\`${about}\`.*\\|$`, 'm'));
  });
  it.each<[string, unknown[]]>([
    ['an unknown kind', [{ ...slack, kind: 'pigeon' }]],
    ['an unknown field', [{ ...slack, channel: '#ops' }]],
    ['an unknown about', [{ ...slack, about: ['everything'] }]],
    ['an empty about, which takes nothing', [{ ...slack, about: [] }]],
    ['one name twice', [pagerDuty, { ...slack, name: 'oncall' }]],
    ['a routing key of another length', [{ ...pagerDuty, routingKey: routingKey.slice(1) }]],
    ['a secret address in the clear', [{ ...slack, url: 'http://hooks.slack.com/services/T0/B0/x' }]],
    ['a routing key sent in the clear', [{ ...pagerDuty, url: 'http://events.example.com/v2/enqueue' }]],
    ['an address that is none', [{ ...slack, url: 'file:///etc/passwd' }]],
    ['too many', Array.from({ length: 9 }, (_, n) => ({ ...slack, name: `room-${n}` }))],
  ])('is refused with %s', (_what, channels) => {
    expect(Notify.safeParse(channels).success).toBe(false);
  });

  it('is scrubbed from whatever a process says: keys, secrets, addresses and the parts of them', () => {
    const url = 'https://audit.example.com/pages/planted-in-the-path?key=planted-in-the-query';
    const notify = Notify.parse([pagerDuty, slack, { ...webhook, url }]);
    const scrub = createScrubber({ process: 'recorder', key: newDevelopmentKey(), notify });
    const said = scrub(`${routingKey} ${slack.url} /T0/B0/${slackToken} ${webhookSecret} ${url} planted-in-the-query`);
    expect(said).not.toMatch(new RegExp(`${routingKey}|${slackToken}|planted|whsec`));
    expect(scrub('oncall pagerduty hold-waits https://events.pagerduty.com/v2/enqueue')).not.toContain('redacted');
  });
});
