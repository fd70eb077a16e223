import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { commandsAt, expectPlain, shellPath } from '../../gateway/shown/command-lines.ts';
import { homeIsNamed, homeOf, loadClientConfig } from '../client-config.ts';
import type { Io } from '../shell/io.ts';

const usualAddress = '127.0.0.1:7233';
/** What to type for the Temporal CLI: its name where the shell finds it, else the path of the one that we run. */
export function temporalWord(bin: string, env: Io['env']): string {
  const found = (env.PATH ?? '').split(delimiter).some((dir) => dir !== '' && existsSync(join(dir, 'temporal')));
  return found ? 'temporal' : shellPath(bin);
}

/**
 * The two ways to release, as exact lines to paste in another terminal of this folder. A home that the reader named is
 * named again; an address that the Temporal CLI would not find by itself is named too.
 */
export function releaseCommands(io: Pick<Io, 'env' | 'cwd'>, workflowId: string, digest: string): string[] {
  const home = homeIsNamed(io) ? homeOf(io) : null;
  const address = (io.env.TEMPORAL_ADDRESS ?? '') === '' ? (loadClientConfig(io)?.temporal.address ?? null) : null;
  return commandsAt({ home, address: address === usualAddress ? null : address, cli: 'temporal' }, workflowId, digest);
}

/** One of our own commands as a line to paste in another terminal; a home that the reader named is named again. */
export function ownCommand(io: Pick<Io, 'env' | 'cwd'>, words: readonly string[]): string {
  const env = homeIsNamed(io) ? `HOLDPOINT_HOME=${shellPath(homeOf(io))} ` : '';
  return `${env}npx holdpoint ${words.map((word) => (/^"[A-Za-z0-9 …]*"$/.test(word) ? word : expectPlain(word))).join(' ')}`;
}
