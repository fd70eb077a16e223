import { errorOf, namedError, send } from '../../activities/record/wire.ts';
import { HoldpointError } from '../../contracts/errors.ts';

const waitMsMax = 10_000;

/**
 * A card's JSON by its digest, from the recorder's read-only door: the digest itself is the capability. What it answers is
 * outside text until `openCard` has checked it. Throws `RECORDER_AWAY`, or the recorder's code (`NOT_FOUND`).
 */
export async function fetchCardText(recorderUrl: string, cardDigest: string): Promise<string> {
  const reply = await send(
    recorderUrl,
    { method: 'GET', path: `/v1/cards/${encodeURIComponent(cardDigest)}` },
    waitMsMax,
  );
  const error = errorOf(reply);
  if (error !== null) throw namedError(reply.body) ?? new HoldpointError(error.code, error.message);
  return reply.body.toString('utf8');
}
