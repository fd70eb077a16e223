import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { verifyArchive } from '../../activities/record/verify.ts';
import type { AdmittedAlert, Alert, SignedAlert } from '../../contracts/alert.ts';
import type { PendingHold } from '../../contracts/incident.ts';
import { alertSignal, approveSignal, rejectSignal, timelineQuery } from '../../workflows/messages.ts';
import { describeWith } from '../support/skips.ts';
import { sharedTemporal } from '../support/temporal.ts';
import {
  approve,
  deliver,
  pendingOf,
  raise,
  refusalsOf,
  statementOn,
  untilHeld,
  untilRecord,
  untilSealed,
} from './support/incident.ts';
import { rawSignal } from './support/raw-signal.ts';
import { runbookWith } from './support/runbook-text.ts';
import { type Stuck, startStuck } from './support/stuck.ts';
import { eventually, runbookId, type System, startSystem } from './support/system.ts';

const run = promisify(execFile);

describeWith(['temporal', 'postgres'], 'an incident, from its alert to its seal', () => {
  let system: System;
  let stuck: Stuck;
  beforeAll(async () => {
    // Nothing is waived at first: the first case is about a runbook that has earned nothing.
    system = await startSystem({ ring: null, runbook: runbookWith({ settleMsMax: 500 }) });
  }, 120_000);
  afterAll(async () => {
    await stuck?.stop();
    await system?.stop();
  });
  /** What every group of cases after the first needs, whichever of them run. */
  const waived = () =>
    system.waive(2, system.workspace.manifest.manifest.payload.entries[`runbooks/${runbookId}`] ?? '');

  describe('whose runbook is in ring 0', () => {
    let incident: WorkflowHandle;
    beforeAll(async () => {
      stuck = await startStuck(system.payments);
      incident = await raise(system);
    });
    afterAll(() => stuck.stop());

    it('rehearses its write: predicted and recorded, never offered, and refuses the statement made for it', async () => {
      const rehearsed = await untilRecord(system, incident, 'verdict', ({ verdict }) => verdict.kind === 'rehearse');
      expect(rehearsed).toMatchObject({ tool: 'postgres.terminateBackend', verdict: { rule: 'ring.read-only' } });
      expect(rehearsed.rehearsal?.card.prediction.payload).toMatchObject({ digest: rehearsed.digest });
      const { digest = '', cardDigest } = { ...rehearsed.rehearsal?.card, ...rehearsed.rehearsal };
      await incident.signal(approveSignal, await statementOn(system, { digest, cardDigest: cardDigest ?? '' }));
      expect(await incident.result()).toBe('concluded');
      expect(stuck.endedBy()).toBeNull();
      const kinds = await untilSealed(system, incident);
      expect(kinds).not.toContain('card');
      expect(kinds).not.toContain('intent');
      expect(await refusalsOf(system, incident)).toContain('STATEMENT_EARLY');
    }, 90_000);
  });

  describe('that is released', () => {
    beforeAll(waived);
    afterEach(() => stuck.stop());

    it('is not started by a delivery without the secret', async () => {
      expect((await deliver(system, { token: 'x'.repeat(40) })).status).toBe(401);
      expect(await system.records('alert')).toHaveLength(1);
    });

    it('is resolved by a statement in a plain signal, and all of it is on a record that verifies', async () => {
      stuck = await startStuck(system.payments);
      const incident = await raise(system);
      const hold = await untilHeld(incident);
      expect(hold).toMatchObject({ tool: 'postgres.terminateBackend', risk: 'high', quorum: 1, approvedBy: [] });
      expect(stuck.endedBy()).toBeNull();
      await approve(system, incident, hold);
      expect(await incident.result()).toBe('recovered');
      expect(stuck.endedBy()).toBe('57P01');
      const kinds = await untilSealed(system, incident);
      const expected = ['alert', 'result', 'proposal', 'verdict', 'card', 'statement', 'intent', 'outcome', 'seal'];
      expect(kinds).toEqual(expect.arrayContaining(expected));
      expect([kinds[0], kinds.at(-1)]).toEqual(['alert', 'seal']);
      const report = await verifyArchive({ dir: system.workspace.archiveDir, keys: system.workspace.keys });
      expect(report).toMatchObject({ ok: true, faults: [], open: [] });
      expect(report.sealed).toContain(incident.workflowId);
    }, 90_000);

    it('does nothing when a person rejects it, and offers it no more', async () => {
      stuck = await startStuck(system.payments);
      const incident = await raise(system);
      const hold = await untilHeld(incident);
      await incident.signal(rejectSignal, await statementOn(system, hold, { verdict: 'reject', reason: 'leave it' }));
      await incident.signal(approveSignal, await statementOn(system, hold, { person: 'second' }));
      expect(await incident.result()).toBe('concluded');
      expect(stuck.endedBy()).toBeNull();
      const kinds = await untilSealed(system, incident);
      expect(kinds).not.toContain('intent');
      expect(kinds.filter((kind) => kind === 'card')).toHaveLength(1);
      const [rejection] = await system.records('statement', incident.workflowId);
      expect(rejection?.statement.statement).toMatchObject({ verdict: 'reject', reason: 'leave it' });
    }, 90_000);
  });

  describe('whose alert is resolved', () => {
    beforeAll(async () => {
      await waived();
      stuck = await startStuck(system.payments);
    });
    afterAll(() => stuck.stop());

    it('ends by the word of its gateway alone, which is on the record, and the held write is never done', async () => {
      const firing = { fingerprint: 'f-resolved', startsAt: new Date().toISOString() };
      const incident = await raise(system, firing);
      await untilHeld(incident);
      expect((await deliver(system, { ...firing, status: 'resolved' })).status).toBe(202);
      expect(await incident.result()).toBe('resolved-by-alert');
      expect(stuck.endedBy()).toBeNull();
      expect(await untilSealed(system, incident)).not.toContain('intent');
      const alerts = await system.records('alert', incident.workflowId);
      expect(alerts.map(({ alert }) => alert.payload.alert.status)).toEqual(['firing', 'resolved']);
      const report = await verifyArchive({ dir: system.workspace.archiveDir, keys: system.workspace.keys });
      expect(report).toMatchObject({ ok: true, faults: [] });
    }, 90_000);
  });

  describe('that is sent all kinds of signals', () => {
    let incident: WorkflowHandle;
    let hold: PendingHold;
    const early = 'a'.repeat(64);
    const firing = { fingerprint: 'f1', startsAt: new Date().toISOString() };
    beforeAll(async () => {
      await waived();
      stuck = await startStuck(system.payments);
      incident = await raise(system, firing);
      await incident.signal(approveSignal, await statementOn(system, { digest: early, cardDigest: early }));
      hold = await untilHeld(incident);
    }, 60_000);
    afterAll(() => stuck.stop());
    const shown = async () => (await pendingOf(incident)).find(({ digest }) => digest === hold.digest);
    /** Sends it; the hold counts it as refused, with this code, and nothing else has changed. */
    const refused = async (send: () => Promise<unknown>, code: string) => {
      const before = (await shown())?.refusedSignals ?? 0;
      await send();
      const after = await eventually('the refusal', async () => {
        const now = await shown();
        return (now?.refusedSignals ?? 0) > before ? now : null;
      });
      expect(after).toMatchObject({ lastRefusal: code, approvedBy: [], digest: hold.digest });
      await untilRecord(system, incident, 'refusal', (body) => body.code === code);
      expect(stuck.endedBy()).toBeNull();
    };

    it('refused the statement that came before any hold, and queued nothing', async () => {
      const refusal = await untilRecord(system, incident, 'refusal');
      expect(refusal).toMatchObject({ code: 'STATEMENT_EARLY' });
      expect(refusal.raw).toContain(early);
      expect(await shown()).toMatchObject({ approvedBy: [] });
    });
    it.each([
      ['garbage', 'STATEMENT_MALFORMED', () => 'yes, do it'],
      ['nothing at all', 'STATEMENT_MALFORMED', () => null],
      ['a list', 'STATEMENT_MALFORMED', () => [1, 2, 3]],
      ['something huge', 'TOO_LARGE', () => ({ statement: 'x'.repeat(1_500_000) })],
      ['an unsigned statement', 'STATEMENT_MALFORMED', (signed: object) => ({ ...signed, proof: undefined })],
      [
        'an unsigned statement as text',
        'STATEMENT_MALFORMED',
        (signed: object) => JSON.stringify({ ...signed, proof: {} }),
      ],
      [
        'a signature over something else',
        'STATEMENT_BAD_PROOF',
        (signed: { statement: object }) => ({ ...signed, statement: { ...signed.statement, reason: 'changed' } }),
      ],
    ] as const)('refuses %s, records it, and still waits', async (_what, code, change) => {
      const signed = await statementOn(system, hold);
      await refused(() => incident.signal(approveSignal, change(signed as never)), code);
    });
    it.each([
      ['bytes in an encoding that nobody knows', 'json/nothing', Buffer.from([0xff, 0xfe, 0x00, 0x80])],
      ['half a JSON document', 'json/plain', Buffer.from('{"statement":')],
    ])('refuses %s, records it, and still waits', async (_what, encoding, data) => {
      await refused(() => rawSignal(system, incident.workflowId, 'approve', encoding, data), 'STATEMENT_MALFORMED');
    });
    it('refuses the valid statement of a person who is no approver', async () => {
      const signed = await statementOn(system, hold, { person: 'former' });
      await refused(() => incident.signal(approveSignal, signed), 'STATEMENT_NOT_POWERED');
    });
    /** What the gateway would sign if the alert had been resolved. */
    const resolution = async (change: Partial<Alert> = {}): Promise<AdmittedAlert> => {
      const { alert } = await untilRecord(system, incident, 'alert');
      return { ...alert.payload, alert: { ...alert.payload.alert, status: 'resolved', ...change } };
    };
    const by = (name: 'gateway' | 'orchestrator', payload: AdmittedAlert) =>
      system.signerOf(name).sign('alert', payload);
    const stillWaits = async () => {
      expect((await incident.describe()).status.name).toBe('RUNNING');
      expect((await incident.query(timelineQuery)).map(({ what }) => what)).not.toContain('alert-resolved');
      expect(await system.records('alert', incident.workflowId)).toHaveLength(1);
    };
    it.each([
      ['unsigned', 'BAD_INPUT', async () => ({ payload: await resolution(), signer: 'gateway' })],
      [
        'with the signature of the alert that fired',
        'BAD_SIGNATURE',
        async () => ({ ...(await untilRecord(system, incident, 'alert')).alert, payload: await resolution() }),
      ],
      ['signed by another process', 'BAD_SIGNATURE', async () => by('orchestrator', await resolution())],
      [
        'signed by another process in the name of the gateway',
        'BAD_SIGNATURE',
        async () => ({ ...by('orchestrator', await resolution()), signer: 'gateway' }),
      ],
      [
        'of another incident',
        'RUNBOOK_MISMATCH',
        async () => by('gateway', { ...(await resolution()), workflowId: `${incident.workflowId}0` }),
      ],
      ['about another alert', 'RUNBOOK_MISMATCH', async () => by('gateway', await resolution({ fingerprint: 'f2' }))],
    ] as const)('refuses a resolved alert %s, records it, and still waits', async (_what, code, forge) => {
      const forged = (await forge()) as SignedAlert;
      await refused(() => incident.signal(alertSignal, forged), code);
      await stillWaits();
    });
    it('counts a second delivery of its alert as a repeat, and not the first', async () => {
      const repeats = async () =>
        (await incident.query(timelineQuery))
          .filter(({ what }) => what === 'alert-repeated')
          .map(({ detail }) => detail);
      expect(await repeats()).toEqual([]);
      expect((await deliver(system, firing)).status).toBe(202);
      expect(await eventually('the repeat', async () => ((await repeats()).length > 0 ? repeats() : null))).toEqual([
        '1 times so far',
      ]);
    });
    it('is released by the official command line all the same, once', async () => {
      const { address, bin } = sharedTemporal();
      const signed = JSON.stringify(await statementOn(system, hold));
      const place = ['--address', address, '-n', system.namespace, '-w', incident.workflowId];
      await run(bin, ['workflow', 'signal', ...place, '--name', 'approve', '--input', signed]);
      expect(await incident.result()).toBe('recovered');
      expect(stuck.endedBy()).toBe('57P01');
      await untilSealed(system, incident);
      expect(await system.records('intent', incident.workflowId)).toHaveLength(1);
      expect(await system.records('outcome', incident.workflowId)).toMatchObject([{ status: 'done' }]);
    }, 60_000);
    it('leaves a record that verifies', async () => {
      const report = await verifyArchive({ dir: system.workspace.archiveDir, keys: system.workspace.keys });
      expect(report).toMatchObject({ ok: true, faults: [] });
    });
  });
});
