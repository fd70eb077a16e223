import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import type { PendingHold } from '../../../contracts/incident.ts';
import type { RecordBody, RecordKind } from '../../../contracts/record.ts';
import type { SignedStatement } from '../../../contracts/statement.ts';
import { approveSignal, pendingQuery } from '../../../workflows/messages.ts';
import { eventually, type System } from './system.ts';

export type Firing = {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly fingerprint?: string;
  readonly status?: 'firing' | 'resolved';
  readonly startsAt?: string;
  readonly token?: string;
};

/** One delivery, as Alertmanager makes it. */
export async function deliver(system: System, firing: Firing = {}): Promise<Response> {
  const { status = 'firing', labels = {}, annotations = {}, fingerprint = randomUUID() } = firing;
  const { startsAt = new Date().toISOString(), token = system.workspace.webhooks.alertmanagerToken } = firing;
  const all = { alertname: 'PaymentsDatabaseBlocked', service: 'payments', severity: 'critical', ...labels };
  const alert = { status, labels: all, annotations, startsAt, endsAt: '0001-01-01T00:00:00Z', fingerprint };
  return fetch(`${system.workspace.urls.gateway}/webhooks/alertmanager`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ version: '4', status, receiver: 'holdpoint', alerts: [alert] }),
  });
}

/** Raises an alert at the gateway and answers the incident that it started. */
export async function raise(system: System, firing: Firing = {}): Promise<WorkflowHandle> {
  const reply = await deliver(system, firing);
  const text = await reply.text();
  if (reply.status !== 202) throw new Error(`expected 202, got ${reply.status}: ${text}`);
  const { accepted } = JSON.parse(text) as { accepted: { workflowId: string }[] };
  return system.handle(accepted[0]?.workflowId ?? '');
}

export const pendingOf = (incident: WorkflowHandle): Promise<PendingHold[]> => incident.query(pendingQuery);

/** The hold that waits for a person; with `not`, another one than that digest. */
export const untilHeld = (incident: WorkflowHandle, not?: string, forMs = 45_000): Promise<PendingHold> =>
  eventually(
    'a hold that waits',
    async () => (await pendingOf(incident).catch(() => [])).find(({ digest }) => digest !== not),
    forMs,
  );

type ActOf = NonNullable<Parameters<System['sign']>[1]>;
/** A statement over a hold as it is shown. */
export const statementOn = (
  system: System,
  { digest, cardDigest }: Pick<PendingHold, 'digest' | 'cardDigest'>,
  act: Partial<ActOf> = {},
): Promise<SignedStatement> => system.sign({ type: 'action', digest }, { cardDigest, ...act });

/** Releases a hold by the plain signal. */
export async function approve(system: System, incident: WorkflowHandle, hold: PendingHold): Promise<SignedStatement> {
  const signed = await statementOn(system, hold);
  await incident.signal(approveSignal, signed);
  return signed;
}

/** Waits until every run of the workflow id is sealed in the log, and answers its kinds of record in order. */
export async function untilSealed(system: System, { workflowId }: WorkflowHandle, runs = 1): Promise<RecordKind[]> {
  await eventually('the seal', async () => (await system.records('seal', workflowId)).length >= runs, 45_000);
  return (await system.log(workflowId)).map(({ body }) => body.kind);
}

type Body<K extends RecordKind> = Extract<RecordBody, { kind: K }>;
/** Waits for a record of the incident that passes the test. */
export const untilRecord = <K extends RecordKind>(
  system: System,
  { workflowId }: Pick<WorkflowHandle, 'workflowId'>,
  kind: K,
  test: (body: Body<K>) => boolean = () => true,
  forMs = 30_000,
): Promise<Body<K>> =>
  eventually(
    `a record ${kind}`,
    async () => (await system.records(kind, workflowId).catch(() => [])).find(test),
    forMs,
  );

/** Codes of the refusals that the log holds for the incident. */
export const refusalsOf = async (system: System, { workflowId }: WorkflowHandle): Promise<string[]> =>
  (await system.records('refusal', workflowId)).map(({ code }) => code);
