import { setTimeout as sleep } from 'node:timers/promises';
import { HoldpointError } from '../../contracts/errors.ts';

export type S3Limits = {
  /** One try may take this long, and longer for many bytes. */
  readonly tryMs: number;
  readonly triesMax: number;
  /** Before the second try; each later pause is four times as long. */
  readonly pauseMs: number;
};
/** All tries of a small object end before a caller of the recorder gives up. */
export const s3LimitsDefault: S3Limits = { tryMs: 2_500, triesMax: 3, pauseMs: 150 };
const bytesPerMs = 1_024;

type S3Error = {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
};
export const statusOf = (error: unknown): number | undefined => (error as S3Error).$metadata?.httpStatusCode;

const againNames = new Set(['RequestTimeout', 'RequestTimeTooSkewed', 'SlowDown', 'Throttling', 'ThrottlingException']);
const isWithoutCredentials = ({ name }: S3Error): boolean =>
  /^(CredentialsProvider|TokenProvider)Error$/.test(String(name));

/** True where asking again can help: no whole answer came, the store is busy, or another write was in the way. */
function mayHelpAgain(error: S3Error): boolean {
  const status = statusOf(error);
  if (status === undefined) return !isWithoutCredentials(error);
  return status >= 500 || [408, 409, 429].includes(status) || againNames.has(String(error.name));
}

/** The store's own word for an error: it comes from outside, so only what looks like a word is passed on. */
function wordOf(error: S3Error): string {
  const words = [error.code, error.name, 'unknown error'].map(String);
  return words.find((word) => /^[A-Za-z0-9_]{1,64}$/.test(word) && word !== 'Error') ?? 'unknown error';
}

export type Request<T> = {
  /** For messages: `archive: expected … to <what>`. */
  readonly what: string;
  readonly bytes?: number;
  once(signal: AbortSignal): Promise<T>;
  /** Told before a request is made again: the one before may have been carried out, though its answer was lost. */
  onAgain?(): void;
};

/** Makes a request a bounded number of times, each bounded in time. Throws `STORE_AWAY` or `STORE_UNFIT`. */
export async function persist<T>({ tryMs, triesMax, pauseMs }: S3Limits, request: Request<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await bounded(request, tryMs + Math.ceil((request.bytes ?? 0) / bytesPerMs));
    } catch (error) {
      if (error instanceof HoldpointError) throw error;
      const word = wordOf(error as S3Error);
      if (!mayHelpAgain(error as S3Error))
        throw new HoldpointError('STORE_UNFIT', `archive: the store refuses to ${request.what} (${word})`);
      if (tries >= triesMax)
        throw new HoldpointError(
          'STORE_AWAY',
          `archive: the store did not ${request.what} in ${tries} tries (${word})`,
        );
      request.onAgain?.();
      await sleep(pauseMs * 4 ** (tries - 1) * (0.5 + Math.random()));
    }
  }
}

/** Ends by the clock whatever the connection does: a signal given to the client does not reach a body that never ends. */
async function bounded<T>({ once }: Request<T>, ms: number): Promise<T> {
  const control = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(Object.assign(new Error('no answer in time'), { name: 'TimeoutError' }));
      control.abort();
    }, ms);
  });
  const work = once(control.signal);
  // The loser of the race may fail later, and nobody is left to hear of it.
  work.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
