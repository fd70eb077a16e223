import { setTimeout as sleep } from 'node:timers/promises';
import { verifyArchive } from '../../activities/record/verify.ts';
import { commandsAt } from '../../gateway/shown/command-lines.ts';
import { digestOf } from '../../policies/digest.ts';
import { hostileApplication, hostileComment } from '../../servers/payments/attack.ts';
import { paymentsAreWhole } from '../../servers/payments/database.ts';
import type { PaymentsScene } from '../../servers/payments/scene.ts';
import { followArchive } from '../connect/archive.ts';
import { postAlert } from '../connect/gateway.ts';
import { namespace } from '../local/installation.ts';
import { Refusal } from '../shell/refusal.ts';
import type { DemoEvent, Emit } from './events.ts';
import { createFollower } from './follow.ts';
import type { Stage } from './stage.ts';
import { waitingOf } from './stage.ts';

export type Held = Extract<DemoEvent, { readonly event: 'held' }>;
export type Story = {
  readonly stage: Stage;
  readonly scene: PaymentsScene;
  readonly emit: Emit;
  /** What a person types for the Temporal CLI. */
  readonly temporalCli: string;
  /** Called for each hold; resolves when it has been released, or at once when a person will do it. */
  readonly onHeld: (held: Held) => Promise<void>;
  readonly stopping: AbortSignal;
};
export type Ending = { readonly resolved: boolean; readonly verified: boolean; readonly tableWhole: boolean };

const troubleMsMax = 15_000;
const flowMsMax = 15_000;

/** Tells the trouble, raises the alert, and follows the record until the incident is sealed, checked and verified. */
export async function tellStory(story: Story): Promise<Ending> {
  const { stage, emit } = story;
  await showTrouble(story);
  const workflowId = await raise(stage, emit);
  const head = await followUntilSealed(story, workflowId);
  const outcome = await outcomeOf(stage, workflowId);
  emit({ event: 'closed', outcome });
  const { flowing, tableWhole } = await checkPayments(story, outcome === 'recovered' ? flowMsMax : 0);
  const verified = await verify(story, head);
  return { resolved: outcome === 'recovered' && flowing, verified, tableWhole };
}

/** Waits until the service really suffers: somebody waits, and somebody has timed out already. */
async function showTrouble({ scene, emit, stopping }: Story): Promise<void> {
  const timedOut = (): number => scene.clients().reduce((sum, client) => sum + client.timedOut, 0);
  const suffers = (): boolean => timedOut() > 0 && waitingOf(scene) >= scene.clients().length - 1;
  for (const end = Date.now() + troubleMsMax; !suffers(); await sleep(100, undefined, { signal: stopping }))
    if (Date.now() > end)
      throw new Refusal('TARGET_AWAY', 'the payments service did not get stuck', 'look at the Postgres log');
  emit({ event: 'trouble', holderPid: scene.holderPid, waiting: waitingOf(scene), timedOut: timedOut() });
  emit({ event: 'planted', application: hostileApplication, comment: hostileComment });
}

async function raise({ installation, runbook }: Stage, emit: Emit): Promise<string> {
  const { urls, webhooks } = installation.workspace;
  const { uiUrl } = installation.server;
  const labels = { alertname: 'PaymentsDatabaseBlocked', service: 'payments', severity: 'critical' };
  const taken = await postAlert(urls.gateway, webhooks.alertmanagerToken, {
    status: 'firing',
    labels,
    annotations: { summary: 'payments time out waiting for a lock', runbook: runbook.id },
    startsAt: new Date().toISOString(),
  });
  const workflowId = taken.accepted[0]?.workflowId;
  if (workflowId === undefined)
    throw new Refusal('UNMATCHED', 'the gateway accepted no alert', 'look at the gateway log');
  const page = uiUrl === null ? null : `${uiUrl}/namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}`;
  emit({ event: 'alert', workflowId, labels, page });
  return workflowId;
}

/** The number and hash of a record: who keeps them notices when it, or one before it, is gone. */
type Head = { readonly seq: number; readonly hash: string };

async function followUntilSealed(story: Story, workflowId: string): Promise<Head> {
  const { stage, emit, stopping } = story;
  const { workspace, server } = stage.installation;
  const follower = createFollower({
    workflowId,
    key: stage.approver.keyFile,
    commands: (digest) =>
      commandsAt({ home: stage.home, address: server.address, cli: story.temporalCli }, workflowId, digest),
  });
  for await (const record of followArchive(stage.archiveDir, workspace.keys, stopping)) {
    for (const event of follower.take(record)) {
      emit(event);
      if (event.event === 'held') await story.onHeld(event);
      if (event.event === 'sealed') return { seq: record.payload.seq, hash: digestOf(record) };
    }
  }
  throw stopping.reason;
}

async function outcomeOf({ installation }: Stage, workflowId: string): Promise<string> {
  try {
    return String(await installation.temporal.client.workflow.getHandle(workflowId).result());
  } catch (error) {
    return error instanceof Error ? error.message : 'failed';
  }
}

/** The service's own sessions have the last word: each of them must take a payment again. */
async function checkPayments({ scene, stage, emit, stopping }: Story, waitMsMax: number) {
  const before = scene.clients();
  const since = () => scene.clients().map(({ committed }, index) => committed - (before[index]?.committed ?? 0));
  for (const end = Date.now() + waitMsMax; Date.now() < end; await sleep(100, undefined, { signal: stopping }))
    if (since().every((count) => count > 0)) break;
  const flowing = since().every((count) => count > 0) && !scene.holderLives();
  const tableWhole = await paymentsAreWhole(stage.place);
  const committed = scene.clients().reduce((sum, client) => sum + client.committed, 0);
  emit({ event: 'payments', flowing, committed, clients: before.length, tableWhole });
  return { flowing, tableWhole };
}

async function verify({ stage, emit }: Story, head: Head): Promise<boolean> {
  const report = await verifyArchive({ dir: stage.archiveDir, keys: stage.installation.workspace.keys, head });
  const faults = report.faults.map(({ object, reason }) => `${object}: ${reason}`);
  emit({ event: 'verified', ok: report.ok, records: report.records, anchors: report.anchors, faults });
  return report.ok;
}
