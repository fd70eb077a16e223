import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createReader } from '../../activities/record/client.ts';
import { newStatement } from '../../cli/statements/new-statement.ts';
import { signWithSsh } from '../../cli/statements/ssh-sign.ts';
import type { PendingHold } from '../../contracts/incident.ts';
import { createSigner } from '../../policies/signing.ts';
import { approveSignal } from '../../workflows/messages.ts';
import type { BenchInstallation } from '../installation.ts';
import { startStuckSession } from '../stuck-session.ts';
import type { Incident } from './overhead.ts';
import { untilHeld } from './until-held.ts';

const sealedWithinMs = 60_000;

/**
 * One real incident: the alert over HTTP, six processes, a release signed with an SSH key as soon as the hold shows.
 * Throws unless the blocking session was really ended and the service recovered. The seal is waited for off the clock, so
 * that the recorder's work does not fall into the other side's time.
 */
export async function governedRound(installation: BenchInstallation): Promise<Incident> {
  const { temporal, place, approver } = installation;
  const stuck = await startStuckSession(place);
  try {
    const begun = performance.now();
    const workflowId = await raiseAlert(installation);
    const handle = temporal.client.workflow.getHandle(workflowId);
    const { digest, cardDigest } = await untilHeld<PendingHold>(handle);
    const act = { subject: { type: 'action', digest }, verdict: 'approve', cardDigest } as const;
    const statement = newStatement({ ...act, reason: 'benchmark', person: approver.person }, Date.now());
    await handle.signal(approveSignal, await signWithSsh(statement, approver.keyFile));
    const outcome: unknown = await handle.result();
    const ms = performance.now() - begun;
    if (outcome !== 'recovered' || !stuck.wasEnded())
      throw new Error(`governed incident: expected recovered, got \`${String(outcome)}\``);
    const { historyLength } = await handle.describe();
    await untilSealed(installation, workflowId);
    return { ms, events: historyLength };
  } finally {
    await stuck.stop();
  }
}

/** One delivery, as Alertmanager makes it; answers the incident that it started. */
async function raiseAlert({ workspace }: BenchInstallation): Promise<string> {
  const labels = { alertname: 'PaymentsDatabaseBlocked', service: 'payments', severity: 'critical' };
  const startsAt = new Date().toISOString();
  const alert = { status: 'firing', labels, annotations: {}, startsAt, endsAt: '0001-01-01T00:00:00Z' };
  const reply = await fetch(`${workspace.urls.gateway}/webhooks/alertmanager`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${workspace.webhooks.alertmanagerToken}`,
    },
    body: JSON.stringify({
      version: '4',
      status: 'firing',
      receiver: 'holdpoint',
      alerts: [{ ...alert, fingerprint: randomUUID() }],
    }),
  });
  const text = await reply.text();
  if (reply.status !== 202) throw new Error(`alert: expected 202, got ${reply.status}: ${text}`);
  const { accepted } = JSON.parse(text) as { accepted: { workflowId: string }[] };
  return accepted[0]?.workflowId ?? '';
}

async function untilSealed({ workspace }: BenchInstallation, workflowId: string): Promise<void> {
  const signer = createSigner('gateway', workspace.secrets.gateway.key);
  const reader = createReader({ url: workspace.urls.recorder, signer, keys: workspace.keys, clock: Date.now });
  for (const end = performance.now() + sealedWithinMs; performance.now() < end; await sleep(250)) {
    const records = await reader.records({ workflow: workflowId, limit: 200 });
    if (records.some(({ payload }) => payload.body.kind === 'seal')) return;
  }
  throw new Error(`expected a sealed incident within ${sealedWithinMs} ms`);
}
