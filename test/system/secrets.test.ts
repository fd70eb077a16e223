import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { passwordPrefix } from '../../activities/identity/postgres-minter.ts';
import type { PendingHold } from '../../contracts/incident.ts';
import { redactionKinds } from '../../policies/redaction/kinds.ts';
import { type PagerDuty, startPagerDuty } from '../support/pagerduty.ts';
import { describeWith } from '../support/skips.ts';
import { type Slack, startSlack } from '../support/slack.ts';
import { approve, deliver, raise, statementOn, untilHeld, untilSealed } from './support/incident.ts';
import { filesOf, historiesOf, leaksIn, type Place, type Secret, secretsOf, surfacesOf } from './support/leaks.ts';
import { planted, plantedAnnotations, startPlantedWaiters } from './support/planted.ts';
import { type Receiver, startReceiver } from './support/receiver.ts';
import { runbookWith } from './support/runbook-text.ts';
import { crash, untilLastFailure } from './support/stops.ts';
import { startStuck } from './support/stuck.ts';
import { type System, startSystem } from './support/system.ts';

/** Not a secret: put where text from outside goes, to show that this search finds what is there. */
const canary = 'canary-5f0e7c1b93aa';

describeWith(['temporal', 'postgres'], 'our own secrets, after incidents in which everything failed once', () => {
  const urlToken = `url-token-${randomBytes(16).toString('hex')}`;
  const routingKey = randomBytes(16).toString('hex');
  const slackToken = randomBytes(12).toString('hex');
  let receiver: Receiver;
  let pagerDuty: PagerDuty;
  let slack: Slack;
  let system: System;
  let secrets: Secret[];
  let surfaces: Place[];
  let ordinary: string;
  let held: PendingHold;

  beforeAll(async () => {
    const secret = `whsec_${randomBytes(32).toString('base64')}`;
    receiver = await startReceiver(secret, `/hooks/${urlToken}`);
    pagerDuty = await startPagerDuty(routingKey);
    slack = await startSlack(slackToken);
    system = await startSystem({
      runbook: runbookWith({ settleMsMax: 500 }),
      notify: [
        { kind: 'webhook', name: 'audit', url: receiver.url, secret },
        { kind: 'pagerduty', name: 'payments-oncall', routingKey, url: pagerDuty.url },
        { kind: 'slack', name: 'ops-room', url: slack.url },
      ],
      restartOnCrash: true,
      settings: {
        executor: { logLevel: 'debug' },
        broker: { logLevel: 'debug' },
        recorder: { logLevel: 'debug' },
        orchestrator: { logLevel: 'debug' },
      },
    });
    secrets = [
      ...secretsOf(system),
      { what: 'token in the url of the pages', text: urlToken },
      { what: 'token of slack', text: slackToken },
      // Begins every password that the broker issues, whichever it was.
      { what: 'issued password', text: passwordPrefix },
    ];
    surfaces = await surfacesOf(system);
    await troubledIncident();
    await ordinaryIncident();
    surfaces.push(...(await surfacesOf(system)));
  }, 240_000);
  afterAll(async () => {
    await system?.stop();
    await Promise.all([receiver?.stop(), pagerDuty?.stop(), slack?.stop()]);
  });

  const asAdmin = async (sql: string) => {
    const admin = new Client({ connectionString: system.payments.adminUrl });
    await admin.connect();
    await admin.query(sql).finally(() => admin.end());
  };

  /** Deliveries without the secret, a receiver that fails, logins that fail, a recorder and an executor that die. */
  async function troubledIncident(): Promise<void> {
    receiver.answer(500);
    pagerDuty.trouble({ status: 400 }, 'hang-up', { status: 302, headers: { location: `/v2/${routingKey}` } });
    slack.trouble({ status: 404 }, { status: 500 }, 'hang-up');
    const { alertmanagerToken } = system.workspace.webhooks;
    expect((await deliver(system, { token: `${alertmanagerToken}x` })).status).toBe(401);
    const stuck = await startStuck(system.payments);
    const incident = await raise(system, { annotations: { summary: canary } });
    const hold = await untilHeld(incident);
    const signed = await statementOn(system, hold);
    await incident.signal('approve', { ...signed, statement: { ...signed.statement, reason: 'forged' } });
    await crash(system, 'recorder');
    await incident.signal('approve', 'garbage');
    await crash(system, 'executor');
    await asAdmin('ALTER DATABASE payments CONNECTION LIMIT 0');
    await asAdmin('REVOKE holdpoint_terminate FROM holdpoint_minter CASCADE');
    await system.supervisor.start('recorder');
    await system.supervisor.start('executor');
    await approve(system, incident, await untilHeld(incident));
    await untilLastFailure(system, incident.workflowId, 'executeCall', 'TARGET_AWAY');
    await asAdmin('ALTER DATABASE payments CONNECTION LIMIT -1');
    await incident.result();
    await untilSealed(system, incident);
    expect(stuck.endedBy()).toBeNull();
    expect((await system.records('refusal', incident.workflowId)).map(({ code }) => code)).toContain('TARGET_REFUSED');
    await asAdmin('GRANT holdpoint_terminate TO holdpoint_minter WITH ADMIN TRUE, INHERIT FALSE, SET FALSE');
    await stuck.stop();
    receiver.answer(204);
  }
  async function ordinaryIncident(): Promise<void> {
    const stuck = await startStuck(system.payments);
    const waiters = await startPlantedWaiters(system.payments);
    const incident = await raise(system, { annotations: plantedAnnotations() });
    ordinary = incident.workflowId;
    held = await untilHeld(incident);
    await approve(system, incident, held);
    expect(await incident.result()).toBe('recovered');
    await untilSealed(system, incident);
    await stuck.stop();
    await waiters.stop();
  }

  it('are known to this test, each of them', () => {
    const kinds = secrets.map(({ what }) => what);
    for (const kind of [
      'recorder.key.d',
      'gateway.key.d',
      'orchestrator.key.d',
      'reasoner.key.d',
      'executor.key.d',
      'broker.key.d',
    ])
      expect(kinds).toContain(kind);
    expect(kinds).toEqual(
      expect.arrayContaining([
        'gateway.alertmanager.token',
        'gateway.generic',
        'orchestrator.notify.0.secret',
        'orchestrator.notify.1.routingKey',
        'recorder.notify.2.url',
        'password',
        'issued password',
      ]),
    );
    for (const { text } of secrets) expect(text.length).toBeGreaterThan(20);
  });
  it('are not in the environment, the arguments, the health or the metrics of any process', () => {
    expect(surfaces.length).toBe(48);
    expect(leaksIn(surfaces, [{ what: 'namespace', text: system.namespace }]).length).toBeGreaterThan(4);
    expect(leaksIn(surfaces, secrets)).toEqual([]);
  });
  it('are in no history', async () => {
    const histories = await historiesOf(system);
    expect(leaksIn(histories, [{ what: 'canary', text: canary }])).toHaveLength(1);
    expect(leaksIn(histories, secrets)).toEqual([]);
  });
  it('are in no log, no configuration and no object of the archive', () => {
    const files = filesOf(system);
    const found = leaksIn(files, [{ what: 'canary', text: canary }]);
    expect(found.some((where) => where.includes('/archive/'))).toBe(true);
    expect(leaksIn(files, [{ what: 'word', text: 'page was not delivered' }]).join()).toContain('orchestrator.log');
    expect(leaksIn(files, [{ what: 'word', text: 'credential issued' }]).join()).toContain('broker.log');
    for (const { asked } of [pagerDuty, slack]) expect(asked.length).toBeGreaterThan(4);
    expect(files.filter(({ where }) => where.endsWith('.log'))).toHaveLength(6);
    expect(leaksIn(files, secrets)).toEqual([]);
  });
  it('are not all: those of others, of more than twenty kinds, stood in the evidence and are nowhere', async () => {
    const others = planted.flatMap(({ secrets: all }) => all);
    expect(new Set(planted.map(({ what }) => what)).size).toBeGreaterThan(40);
    const places = [...surfaces, ...filesOf(system), ...(await historiesOf(system))];
    expect(leaksIn(places, others)).toEqual([]);
    const found = await system.records('finding', ordinary);
    const rules = (from: string) =>
      new Set(found.filter((one) => one.from === from).flatMap(({ findings }) => findings.map(({ rule }) => rule)));
    for (const kind of redactionKinds) expect(rules('alert'), kind).toContain(`secret.${kind}`);
    expect([...rules('postgres.blockingTree')].filter((rule) => rule.startsWith('secret.')).length).toBeGreaterThan(20);
    expect(held.findings?.join()).toContain('secret.');
  }, 60_000);
  it('would be found if one were there, however it is spelt', () => {
    const [{ text } = { text: '' }] = secrets;
    const spelt = [text, Buffer.from(`{"data":"${text}"}`).toString('base64'), Buffer.from(text).toString('hex')];
    const twice = Buffer.from(JSON.stringify({ data: Buffer.from(`a ${text}`).toString('base64') })).toString('base64');
    for (const planted of [...spelt, twice])
      expect(leaksIn([{ where: 'here', text: `before ${planted} after` }], [{ what: 'it', text }])).toEqual([
        'it in here',
      ]);
  });
});
