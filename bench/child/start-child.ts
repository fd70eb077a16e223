import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { bundleEntry } from '../../scripts/build/entries.ts';
import { endOf, within } from '../../servers/child.ts';
import { cleanEnvironment, projectRoot } from '../../servers/project.ts';
import type { Answer } from './answer-parent.ts';

/** A process of a bench: plain JavaScript under plain Node, as the product's own processes are. */
export type BenchChild = {
  /** Rejects with what the child threw, or when it ended. */
  ask(question: string, about?: object): Promise<unknown>;
  /** Asks it to stop by closing the channel, and waits until it ended. */
  stop(): Promise<void>;
};

const graceMs = 15_000;

/** Builds `bench/<entry>.ts` and starts it. What it is told goes over a channel, never by its environment or a file. */
export async function startChild(entry: string): Promise<BenchChild> {
  const built = join(projectRoot(), 'dist', 'bench', `${entry.replaceAll('/', '-')}.js`);
  await bundleEntry(join(projectRoot(), 'bench', `${entry}.ts`), built);
  const child = spawn(process.execPath, ['--enable-source-maps', built], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    detached: true, // Ctrl-C reaches only us: we stop it in order
    env: cleanEnvironment(),
  });
  const open = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  const ended = endOf(child).then(() => {
    for (const { reject } of open.values()) reject(new Error(`${entry} ended before it answered`));
  });
  child.on('error', () => undefined); // it then ends as well, which is what is reported
  child.on('message', (raw) => {
    const { id, ...answer } = raw as Answer;
    const waiting = open.get(id);
    open.delete(id);
    if ('error' in answer) waiting?.reject(new Error(`${entry}: ${answer.error}`));
    else waiting?.resolve(answer.value);
  });
  let asked = 0;
  return {
    ask: (question, about = {}) =>
      new Promise((resolve, reject) => {
        const id = asked++;
        open.set(id, { resolve, reject });
        child.send({ id, question, about }, (error) => error !== null && reject(error));
      }),
    stop: async () => {
      if (child.connected) child.disconnect();
      if (await within(graceMs, ended)) return;
      child.kill('SIGKILL');
      await ended;
    },
  };
}
