import { retryAfterMs } from '../../retry-after.ts';

/** Why a request brought no answer. Its words hold no part of the request or of what came back. */
export type Trouble = {
  readonly reason: string;
  /** Another try may help, after so long if the server said so. */
  readonly passing: boolean;
  readonly afterMs: number | null;
  /** What is known not to be paid for. */
  readonly unpaid: boolean;
};
export type TransportLimits = {
  readonly signal: AbortSignal;
  readonly answerBytesMax: number;
  readonly silenceMsMax: number;
};
export type Transport = {
  readonly fetch: typeof fetch;
  /** The first thing that went wrong; null while nothing has. */
  trouble(): Trouble | null;
  /** Ends the request, if it still goes on. */
  close(): void;
};

const neverReached: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH']);
const eventStream = /^text\/event-stream(;|$)/i;

/**
 * The way to a provider for one request. Nothing but an event stream is read, and of that at most `answerBytesMax`, while it
 * comes; a redirect is not followed, since the key must not be. What an error says is not read at all: it may be endless, and
 * may repeat what it was sent.
 */
export function openTransport({ signal, answerBytesMax, silenceMsMax }: TransportLimits): Transport {
  let trouble: Trouble | null = null;
  const stop = new AbortController();
  const note = (noted: Trouble): Error => {
    trouble ??= noted;
    stop.abort();
    return new Error(noted.reason);
  };
  const quiet = setTimeout(
    () => note({ reason: `nothing came for ${silenceMsMax} ms`, passing: true, afterMs: null, unpaid: false }),
    silenceMsMax,
  );
  const bounded = () => {
    let bytes = 0;
    return new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, out) {
        quiet.refresh();
        bytes += chunk.byteLength;
        if (bytes <= answerBytesMax) out.enqueue(chunk);
        else out.error(note(final(`expected an answer of at most ${answerBytesMax} bytes`)));
      },
    });
  };
  const send: typeof fetch = async (url, init) => {
    const signals = [signal, stop.signal, ...(init?.signal == null ? [] : [init.signal])];
    const asked = fetch(url, { ...init, redirect: 'manual', signal: AbortSignal.any(signals) });
    const response = await asked.catch((error: unknown) => {
      throw signal.aborted ? error : note(unreachable(error));
    });
    const refused = refusalOf(response);
    if (refused === null && response.body !== null) {
      quiet.refresh();
      const { status, headers } = response;
      return new Response(response.body.pipeThrough(bounded()), { status, headers });
    }
    await response.body?.cancel().catch(() => undefined);
    throw note(refused ?? final('expected an answer with a body'));
  };
  return {
    fetch: send,
    trouble: () => trouble,
    close: () => {
      clearTimeout(quiet);
      stop.abort();
    },
  };
}

const final = (reason: string): Trouble => ({ reason, passing: false, afterMs: null, unpaid: false });

function refusalOf({ status, headers }: Response): Trouble | null {
  if (status >= 200 && status < 300) {
    const type = headers.get('content-type') ?? '';
    return eventStream.test(type) ? null : final('expected an event stream, got something else');
  }
  const afterMs = retryAfterMs(headers.get('retry-after'));
  const passing = status === 429 || status === 408 || status >= 500;
  const what = status === 401 || status === 403 ? ': the provider does not take the key' : '';
  const redirect = status >= 300 && status < 400 ? ': a redirect is not followed' : '';
  return { reason: `status ${status}${what}${redirect}`, passing, afterMs, unpaid: true };
}

function unreachable(error: unknown): Trouble {
  const cause = error instanceof Error ? (error.cause as { readonly code?: unknown } | undefined) : undefined;
  const unpaid = typeof cause?.code === 'string' && neverReached.has(cause.code);
  return { reason: 'no answer', passing: true, afterMs: null, unpaid };
}
