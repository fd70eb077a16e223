import { afterAll, beforeAll, expect, it } from 'vitest';
import { beginIncident } from '../../activities/judge/begin-incident.ts';
import { createOrchestratorActivities } from '../../activities/judge/orchestrator-activities.ts';
import { weighAlert } from '../../activities/judge/weigh-alert.ts';
import type { Alert, SignedAlert } from '../../contracts/alert.ts';
import type { Place } from '../../policies/digest.ts';
import { activityAt } from '../executor/support/theatre.ts';
import { alertOf } from '../record/incident.ts';
import { executor, gateway, orchestrator, processes, stranger } from '../record/stage.ts';
import { describeWith } from '../support/skips.ts';
import { type Bench, openBench } from './support/bench.ts';

describeWith('temporal', 'what the orchestrator makes of an alert signal', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench();
  });
  afterAll(() => bench.close());

  type Begun = { readonly place: Place; readonly alert: SignedAlert };
  const begun = async (): Promise<Begun> => {
    const place = bench.place();
    const alert = alertOf(bench.stage, place.workflowId);
    await beginIncident({ alert }, place, bench.deps);
    return { place, alert };
  };
  const payloadOf = ({ alert: { payload } }: Begun, change: Partial<Alert> = {}) => ({
    ...payload,
    receivedAt: bench.stage.at(),
    alert: { ...payload.alert, status: 'resolved' as const, ...change },
  });
  const by = (one: Begun, change: Partial<Alert> = {}, process: { signer: typeof gateway.signer } = gateway) =>
    process.signer.sign('alert', payloadOf(one, change));
  const weigh = ({ place, alert }: Begun, raw: unknown) => weighAlert({ incident: { alert }, raw }, place, bench.deps);

  const bad: readonly (readonly [string, string, (one: Begun) => unknown])[] = [
    ['unsigned', 'BAD_INPUT', (one) => ({ payload: payloadOf(one), signer: 'gateway' })],
    ['with the signature of its start', 'BAD_SIGNATURE', (one) => ({ ...one.alert, payload: payloadOf(one) })],
    ['signed by the orchestrator', 'BAD_SIGNATURE', (one) => by(one, {}, orchestrator)],
    ['signed by an executor', 'BAD_SIGNATURE', (one) => by(one, {}, executor)],
    ['signed by the recorder', 'BAD_SIGNATURE', (one) => by(one, {}, processes.recorder)],
    [
      'signed by a stranger as the gateway',
      'BAD_SIGNATURE',
      (one) => ({ ...by(one, {}, stranger), signer: 'gateway' }),
    ],
    ['signed for another purpose', 'BAD_SIGNATURE', (one) => gateway.signer.sign('http-request', payloadOf(one))],
    [
      'changed since it was signed',
      'BAD_SIGNATURE',
      (one) => ({ ...by(one, { status: 'firing' }), payload: payloadOf(one) }),
    ],
    [
      'for another workflow id',
      'RUNBOOK_MISMATCH',
      (one) => gateway.signer.sign('alert', { ...payloadOf(one), workflowId: 'incident/test/another' }),
    ],
    ['with another fingerprint', 'RUNBOOK_MISMATCH', (one) => by(one, { fingerprint: 'f2' })],
    ['of another source', 'RUNBOOK_MISMATCH', (one) => by(one, { source: 'generic' })],
    ['of another firing', 'RUNBOOK_MISMATCH', (one) => by(one, { startsAt: bench.stage.at(-59_999) })],
    [
      'of another firing that still fires',
      'RUNBOOK_MISMATCH',
      (one) => by(one, { status: 'firing', startsAt: bench.stage.at(-59_999) }),
    ],
    ['with a field that nobody knows', 'BAD_INPUT', (one) => ({ ...by(one), note: 'trust me' })],
    ['without its envelope', 'BAD_INPUT', (one) => payloadOf(one)],
    [
      'with half a character',
      'BAD_INPUT',
      (one) => ({ ...by(one), payload: payloadOf(one, { fingerprint: '\ud800' }) }),
    ],
    ['as a word', 'BAD_INPUT', () => 'resolved'],
    ['as nothing', 'BAD_INPUT', () => null],
  ];
  it.each(bad)('refuses one %s (%s), and has recorded nothing of it', async (_name, code, forge) => {
    const one = await begun();
    expect(await weigh(one, forge(one))).toMatchObject({ kind: 'refused', code });
    expect(await bench.bodies(one.place)).toMatchObject([{ kind: 'alert', alert: { signature: one.alert.signature } }]);
  });

  it('refuses every one of an incident that no gateway started', async () => {
    const one = await begun();
    const start = orchestrator.signer.sign('alert', one.alert.payload);
    expect(await weigh({ ...one, alert: start }, by(one))).toMatchObject({ kind: 'refused', code: 'BAD_SIGNATURE' });
    expect(await weigh({ ...one, alert: undefined as never }, by(one))).toMatchObject({ kind: 'refused' });
  });

  it('knows the delivery that started the incident from one that fires again, and records neither anew', async () => {
    const one = await begun();
    expect(await weigh(one, one.alert)).toEqual({ kind: 'own' });
    expect(await weigh(one, by(one, { status: 'firing' }))).toEqual({ kind: 'repeats' });
    expect(await bench.bodies(one.place)).toHaveLength(1);
  });

  it('has the alert that resolves the incident on the record, once, however often it runs', async () => {
    const one = await begun();
    const signed = by(one);
    expect(await weigh(one, signed)).toEqual({ kind: 'resolved' });
    expect(await weigh(one, signed)).toEqual({ kind: 'resolved' });
    expect(await bench.bodies(one.place)).toMatchObject([
      { kind: 'alert', alert: { payload: { alert: { status: 'firing' } } } },
      { kind: 'alert', alert: signed },
    ]);
  });

  it('takes one whose labels or annotations changed: they are outside text', async () => {
    const one = await begun();
    expect(await weigh(one, by(one, { labels: { alertname: 'Other' } }))).toEqual({ kind: 'resolved' });
    expect((await bench.bodies(one.place)).at(-1)).toMatchObject({ kind: 'alert', runbook: null });
  });

  it('refuses a forged one while the recorder is away, and waits with a genuine one', async () => {
    const one = await begun();
    const activities = createOrchestratorActivities(bench.deps);
    const ask = (raw: unknown) =>
      activityAt({ place: one.place }).run(activities.weighAlert, { incident: { alert: one.alert }, raw });
    await bench.stage.recorder.stop();
    try {
      expect(await ask(by(one, {}, orchestrator))).toMatchObject({ kind: 'refused', code: 'BAD_SIGNATURE' });
      await expect(ask(by(one))).rejects.toMatchObject({ type: 'RECORDER_AWAY', nonRetryable: false });
    } finally {
      await bench.stage.restart();
    }
  });
});
