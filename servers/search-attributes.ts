import type { Connection } from '@temporalio/client';
import { HoldpointError } from '../contracts/errors.ts';
import { searchAttributes } from '../workflows/search-attributes.ts';
import { until } from './child.ts';

// Temporal's API enum `IndexedValueType`; the CLI spells the same types in words.
const wireTypes = { KEYWORD: 2, INT: 3 } as const;
const cliTypes = { KEYWORD: 'Keyword', INT: 'Int' } as const;
const usableWithinMs = 60_000;

/** The exact command that an operator runs where we may not create search attributes ourselves. */
export const createCommand = (namespace: string): string =>
  [
    'temporal operator search-attribute create',
    `--namespace ${/^[A-Za-z0-9_.-]+$/.test(namespace) ? namespace : 'NAMESPACE'}`,
    ...searchAttributes.map(({ name, type }) => `--name ${name} --type ${cliTypes[type]}`),
  ].join(' ');

/** A query that names them all: the server refuses it until each one is usable, which is what a worker needs. */
async function usable(connection: Connection, namespace: string): Promise<boolean> {
  const query = searchAttributes
    .map(({ name, type }) => (type === 'INT' ? `${name} = 0` : `${name} = 'none'`))
    .join(' AND ');
  try {
    await connection.workflowService.countWorkflowExecutions({ namespace, query });
    return true;
  } catch (error) {
    if ((error as { code?: number }).code === 3) return false; // INVALID_ARGUMENT: an unknown attribute
    throw new HoldpointError('TEMPORAL_AWAY', `temporal: ${(error as Error).message}`);
  }
}

const missing = (namespace: string, why: string): HoldpointError =>
  new HoldpointError(
    'SEARCH_ATTRIBUTES_MISSING',
    `namespace \`${namespace}\` lacks search attributes (${why}); run: ${createCommand(namespace)}`,
  );

/**
 * Waits until a query may use the search attributes, which the orchestrator or an operator creates: no worker polls
 * before. Throws `SEARCH_ATTRIBUTES_MISSING` with the command to run, or `TEMPORAL_AWAY`.
 */
export async function awaitSearchAttributes(
  connection: Connection,
  namespace: string,
  forMs = usableWithinMs,
): Promise<void> {
  await until(async () => ((await usable(connection, namespace)) ? true : null), {
    forMs,
    late: () => missing(namespace, 'not usable in time'),
  });
}

/**
 * Creates the search attributes where that is allowed and waits until they are usable. Throws as
 * `awaitSearchAttributes` does.
 */
export async function ensureSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  if (await usable(connection, namespace)) return;
  const types = Object.fromEntries(searchAttributes.map(({ name, type }) => [name, wireTypes[type]]));
  try {
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: types });
  } catch (error) {
    // Another process of ours may be creating them at this moment: then they become usable all the same.
    if ((error as { code?: number }).code !== 6) throw missing(namespace, (error as Error).message);
  }
  await awaitSearchAttributes(connection, namespace);
}
