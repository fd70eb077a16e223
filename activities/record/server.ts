import rateLimit from '@fastify/rate-limit';
import type { Logger } from 'pino';
import { HoldpointError } from '../../contracts/errors.ts';
import type { RecorderMetrics } from './metrics.ts';
import { addRoutes } from './routes.ts';
import { addSignatures, createApp, listen, type SignedServer } from './signed-server.ts';
import type { DoorParts } from './statements-door.ts';
import { blobBytesMax } from './wire.ts';

export type ServerDeps = DoorParts & {
  readonly logger: Logger;
  readonly metrics: RecorderMetrics;
  readonly listen: { readonly host: string; readonly port: number };
  /** Posts that one address may make to an unsigned door in a minute. */
  readonly doorPerMinute?: number;
};

const doorPerMinuteDefault = 60;

/** Serves `contracts/recorder-api.ts`. A request is believed by its signature alone; a log found damaged is not served. */
export async function startServer(deps: ServerDeps): Promise<SignedServer> {
  const app = createApp(blobBytesMax);
  await app.register(rateLimit, {
    global: false,
    max: deps.doorPerMinute ?? doorPerMinuteDefault,
    timeWindow: '1 minute',
    errorResponseBuilder: () => new HoldpointError('RATE_LIMITED', 'recorder: too many requests from this address'),
  });
  addSignatures(app, { ...deps, refused: deps.metrics.refused, damage: () => deps.log.damage() });
  addRoutes(app, deps);
  return listen(app, deps.listen);
}
