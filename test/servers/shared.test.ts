import { Connection, Client as Temporal } from '@temporalio/client';
import { Client } from 'pg';
import { expect, it } from 'vitest';
import { awaitSearchAttributes } from '../../servers/search-attributes.ts';
import { freshDatabase } from '../support/postgres.ts';
import { describeWith } from '../support/skips.ts';
import { bareNamespace, freshNamespace, sharedTemporal } from '../support/temporal.ts';

describeWith(['temporal', 'postgres'], 'the servers of a test run', () => {
  it('gives a database of its own', async () => {
    const database = await freshDatabase();
    const client = new Client({ connectionString: database.url });
    await client.connect();
    const { rows } = await client.query('SELECT current_database() AS name');
    await client.end();
    await database.drop();
    expect(rows).toEqual([{ name: database.name }]);
  });

  it('gives a namespace where the search attributes can be set and searched at once', async () => {
    const namespace = await freshNamespace();
    const connection = await Connection.connect({ address: sharedTemporal().address, connectTimeout: '60s' });
    const client = new Temporal({ connection, namespace });
    const handle = await client.workflow.start('fence', {
      taskQueue: 'nobody',
      workflowId: 'fence/all',
      searchAttributes: { HoldpointState: ['open'] },
    });
    const description = await handle.describe();
    await connection.close();
    expect(description.status.name).toBe('RUNNING');
    expect(description.searchAttributes.HoldpointState).toEqual(['open']);
  });

  it('keeps a worker from a namespace without search attributes, and says which command creates them', async () => {
    const namespace = await bareNamespace();
    const connection = await Connection.connect({ address: sharedTemporal().address, connectTimeout: '60s' });
    try {
      await expect(awaitSearchAttributes(connection, namespace, 300)).rejects.toMatchObject({
        code: 'SEARCH_ATTRIBUTES_MISSING',
        message: expect.stringContaining(
          `temporal operator search-attribute create --namespace ${namespace} --name HoldpointRunbook --type Keyword`,
        ),
      });
    } finally {
      await connection.close();
    }
  });
});
