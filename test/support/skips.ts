import { appendFileSync } from 'node:fs';
import { describe, inject } from 'vitest';
import type { Found, TestServers } from './servers.ts';

export type ServerName = 'temporal' | 'postgres' | 'timeSkipping' | 'versitygw' | 'kubernetes' | 'chromium';

/** The address of a server of this run. Throws when it is missing: a suite that may be skipped uses `describeWith`. */
export function serverOf<N extends ServerName>(name: N): Extract<TestServers[N], { kind: 'here' }>['at'] {
  const found: Found<unknown> = inject('servers')[name];
  if (found.kind === 'missing') throw new Error(`no ${name} server: ${found.reason}`);
  return found.at as Extract<TestServers[N], { kind: 'here' }>['at'];
}

/**
 * A suite that needs servers. Without one of them it is skipped, and its title is printed when the run ends; with `CI`
 * set, one skipped suite fails the run.
 */
export function describeWith(names: ServerName | readonly ServerName[], title: string, body: () => void): void {
  const { skipsFile, ...servers } = inject('servers');
  const missing = [names].flat().find((name) => servers[name as ServerName].kind === 'missing') as
    | ServerName
    | undefined;
  if (missing === undefined) {
    describe(title, body);
    return;
  }
  const found = servers[missing];
  appendFileSync(skipsFile, `${title} (${missing}: ${found.kind === 'missing' ? found.reason.split('\n')[0] : ''})\n`);
  describe.skip(title, body);
}
