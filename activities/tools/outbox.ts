import { mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { codeOf, HoldpointError } from '../../contracts/errors.ts';
import { SignedOutcome } from '../../contracts/evidence.ts';
import type { RecorderClient } from '../record/client.ts';

const everyMs = 2_000;
const againMs = 500;
const fileName = /^[0-9a-f]{64}-[0-9]{1,9}\.json$/;

export type Outbox = {
  /** Durable when it resolves: the outcome outlives this process. */
  keep(outcome: SignedOutcome): Promise<void>;
  /**
   * Resolves when the recorder has it. Waits while the recorder is away; throws `RECORDER_AWAY` only once `stopped` says
   * that this process ends (the file stays), and `RECORD_REFUSED` when the recorder will never take it.
   */
  deliver(outcome: SignedOutcome, stopped: () => boolean): Promise<void>;
  /** The outcome of this attempt that waits here for the recorder; null when there is none. */
  kept(digest: string, attempt: number): Promise<SignedOutcome | null>;
  /** Sends what waits here, once. */
  flush(): Promise<void>;
  start(): void;
  stop(): void;
};
export type OutboxDeps = {
  readonly dir: string;
  readonly recorder: Pick<RecorderClient, 'outcome'>;
  readonly log: Pick<Logger, 'warn' | 'error'>;
};

/** Outcomes on their way to the recorder: one file each, kept until it is acknowledged, whatever happens in between. */
export function createOutbox({ dir, recorder, log }: OutboxDeps): Outbox {
  let timer: NodeJS.Timeout | null = null;

  async function send(outcome: SignedOutcome): Promise<void> {
    try {
      await recorder.outcome(outcome);
      await drop(dir, nameOf(outcome));
    } catch (error) {
      if (codeOf(error) !== 'RECORD_REFUSED') throw away(error);
      // Kept aside for a person: the recorder will never take it, and the evidence must not be lost.
      await rename(join(dir, nameOf(outcome)), join(dir, `${nameOf(outcome)}.refused`)).catch(() => undefined);
      log.error(
        { digest: outcome.payload.digest, attempt: outcome.payload.attempt },
        'the recorder refused an outcome',
      );
      throw error;
    }
  }
  const flush = async (): Promise<void> => {
    for (const name of await namesIn(dir)) {
      const outcome = await readOutcome(join(dir, name));
      if (outcome === null) log.error({ name }, 'an outcome in the outbox cannot be read');
      else await send(outcome).catch((error: unknown) => log.warn({ name, code: codeOf(error) }, 'outcome not sent'));
    }
  };
  return {
    keep: (outcome) => writeDurably(dir, nameOf(outcome), JSON.stringify(outcome)),
    async deliver(outcome, stopped) {
      for (;;) {
        try {
          return await send(outcome);
        } catch (error) {
          if (codeOf(error) === 'RECORD_REFUSED' || stopped()) throw error;
          await sleep(againMs);
        }
      }
    },
    kept: (digest, attempt) => readOutcome(join(dir, fileOf(digest, attempt))),
    flush,
    start() {
      timer ??= setInterval(() => void flush().catch(() => undefined), everyMs).unref();
    },
    stop() {
      if (timer !== null) clearInterval(timer);
      timer = null;
    },
  };
}

const fileOf = (digest: string, attempt: number): string => `${digest}-${attempt}.json`;
const nameOf = ({ payload }: SignedOutcome): string => fileOf(payload.digest, payload.attempt);

// Whatever else went wrong on the way, nothing may be assumed of the record.
const away = (error: unknown): HoldpointError =>
  error instanceof HoldpointError && error.code === 'RECORDER_AWAY'
    ? error
    : new HoldpointError('RECORDER_AWAY', `outcome: the recorder did not take it (${codeOf(error)})`);

async function namesIn(dir: string): Promise<readonly string[]> {
  const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names.filter((name) => fileName.test(name)).sort();
}

async function readOutcome(path: string): Promise<SignedOutcome | null> {
  try {
    return SignedOutcome.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return null;
  }
}

async function writeDurably(dir: string, name: string, text: string): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const draft = join(dir, `.${name}.${process.pid}.tmp`);
  const file = await open(draft, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, join(dir, name));
  await syncDir(dir);
}

async function drop(dir: string, name: string): Promise<void> {
  await unlink(join(dir, name)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}

async function syncDir(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
