import { DelegateBackoff, handleType, retry } from 'cockatiel';
import { retryAfterMs } from '../retry-after.ts';
import type { Delivery } from './channel.ts';

/** How long telling somebody may take: the activity that waits for it has 20 s for one attempt. */
export type DeliveryLimits = { readonly pageMsMax: number; readonly attemptMsMax: number; readonly pauseMs: number };
export const deliveryLimits: DeliveryLimits = { pageMsMax: 15_000, attemptMsMax: 5_000, pauseMs: 500 };

const triesMax = 3;

/** Another try may help, after `waitMs` if the receiver said so. */
class Passing extends Error {
  constructor(
    readonly fault: string,
    readonly waitMs: number | null = null,
  ) {
    super(fault);
  }
}
/** No other try helps, or there is no time for one. */
class Final extends Error {
  constructor(readonly fault: string) {
    super(fault);
  }
}

/**
 * Sends one delivery. A 429 is tried again when its `Retry-After` allows, a 5xx or no answer after a pause; anything else
 * that is not taken is final, a redirect too: a secret never follows one. Answers null when it was taken, or why not, in
 * words that hold no part of the request.
 */
export async function deliver(
  delivery: Delivery,
  onFault: (attempt: number, fault: string) => void,
  limits: DeliveryLimits = deliveryLimits,
): Promise<string | null> {
  const until = performance.now() + limits.pageMsMax;
  const pauseOf = (attempt: number, error: unknown): number =>
    (error instanceof Passing ? error.waitMs : null) ?? limits.pauseMs * attempt;
  const backoff = new DelegateBackoff<{ readonly attempt: number; readonly result: object }>(({ attempt, result }) =>
    pauseOf(attempt, 'error' in result ? result.error : null),
  );
  const policy = retry(handleType(Passing), { maxAttempts: triesMax - 1, backoff });
  try {
    await policy.execute(async ({ attempt }) => {
      const leftMs = Math.floor(until - performance.now());
      const fault = await post(delivery, Math.max(1, Math.min(limits.attemptMsMax, leftMs)));
      if (fault === null) return;
      onFault(attempt + 1, fault.fault);
      if (fault instanceof Final || performance.now() + pauseOf(attempt + 1, fault) < until) throw fault;
      throw new Final(`${fault.fault}, and no time for another try`);
    });
    return null;
  } catch (error) {
    return error instanceof Passing || error instanceof Final ? error.fault : 'could not be sent';
  }
}

async function post({ url, headers, body, taken }: Delivery, waitMsMax: number): Promise<Passing | Final | null> {
  try {
    const signal = AbortSignal.timeout(waitMsMax);
    const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal });
    // The status is the answer. Its body is not read: it may be endless, and may repeat what it was sent.
    await response.body?.cancel().catch(() => undefined);
    return taken(response.status) ? null : faultOf(response);
  } catch (error) {
    const late = error instanceof Error && error.name === 'TimeoutError';
    return new Passing(late ? 'no answer in time' : 'no answer');
  }
}

function faultOf({ status, headers }: Response): Passing | Final {
  if (status === 429) return new Passing('status 429', retryAfterMs(headers.get('retry-after')));
  if (status >= 500) return new Passing(`status ${status}`);
  if (status >= 300 && status < 400) return new Final(`status ${status}: a redirect is not followed`);
  return new Final(`status ${status}`);
}
