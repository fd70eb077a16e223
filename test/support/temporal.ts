import { randomBytes } from 'node:crypto';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { ensureSearchAttributes } from '../../servers/search-attributes.ts';
import type { TemporalHere } from './servers.ts';
import { serverOf } from './skips.ts';

/** The run's Temporal development server. Its `default` namespace has the search attributes. */
export const sharedTemporal = (): TemporalHere => serverOf('temporal');

/** Path of the time-skipping test server, for `createTimeSkipping`. */
export const timeSkippingServer = (): string => serverOf('timeSkipping');

/** A namespace of its own, as a server has it that nobody prepared: without the search attributes. */
export async function bareNamespace(): Promise<string> {
  const namespace = `t-${randomBytes(6).toString('hex')}`;
  const connection = await Connection.connect({ address: sharedTemporal().address, connectTimeout: '60s' });
  try {
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: msToTs('1 day'),
    });
    await untilKnown(connection, namespace);
  } finally {
    await connection.close();
  }
  return namespace;
}

/**
 * A namespace of its own with the search attributes: fences have fixed workflow ids, so suites that stop or resume must
 * not share one. Ready for starts and queries when this resolves.
 */
export async function freshNamespace(): Promise<string> {
  const namespace = await bareNamespace();
  const connection = await Connection.connect({ address: sharedTemporal().address, connectTimeout: '60s' });
  await ensureSearchAttributes(connection, namespace).finally(() => connection.close());
  return namespace;
}

async function untilKnown(connection: Connection, namespace: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await connection.workflowService.countWorkflowExecutions({ namespace, query: '' });
      return;
    } catch (error) {
      if (tries > 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
