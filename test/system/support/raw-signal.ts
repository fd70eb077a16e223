import { randomUUID } from 'node:crypto';
import type { System } from './system.ts';

/** A signal whose one payload is exactly these bytes: what a client of our own SDK would never send. */
export async function rawSignal(
  { client, namespace }: System,
  workflowId: string,
  signalName: string,
  encoding: string,
  data: Uint8Array,
): Promise<void> {
  await client.workflowService.signalWorkflowExecution({
    namespace,
    workflowExecution: { workflowId },
    signalName,
    requestId: randomUUID(),
    identity: 'a test',
    input: { payloads: [{ metadata: { encoding: Buffer.from(encoding, 'utf8') }, data }] },
  });
}
