import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { CheckpointHook, ConfigOf } from '../../contracts/config.ts';
import { codeOf } from '../../contracts/errors.ts';
import type { Signer } from '../../policies/signing.ts';
import type { Failpoint } from '../failpoints.ts';
import { createManifests, type Manifests } from '../identity/manifests.ts';
import type { Notifier } from '../notify/page.ts';
import { openArchive } from './archive.ts';
import { createBlobs } from './blobs.ts';
import { type CheckpointPlace, openPlaces } from './checkpoint-places.ts';
import { mustReach, newestOf, publish } from './checkpoints.ts';
import { watchFences } from './fence-watch.ts';
import { type Log, openLog } from './log.ts';
import { createManifestRecorder, type RecordManifest } from './manifest-record.ts';
import { createMetrics, type RecorderMetrics } from './metrics.ts';
import { tellOfWhatIsUntold } from './pages.ts';
import { createPoller, type Poller } from './poller.ts';
import { startServer } from './server.ts';
import type { DoorParts } from './statements-door.ts';
import type { RecordStore } from './store.ts';
import type { OnAppend } from './store-groups.ts';
import { createSweep } from './sweep.ts';
import type { TemporalView } from './temporal-view.ts';

export type RecorderDeps = {
  readonly config: Pick<
    ConfigOf<'recorder'>,
    | 'archive'
    | 'checkpoints'
    | 'bundleDir'
    | 'manifestDir'
    | 'mode'
    | 'keys'
    | 'listen'
    | 'pollMs'
    | 'fencePollMs'
    | 'unknownAfterMs'
  >;
  readonly signer: Signer;
  readonly clock: () => number;
  readonly logger: Logger;
  readonly registry: Registry;
  readonly failpoint?: Failpoint;
  readonly notifier: Notifier;
  readonly namespace: string;
  readonly temporal: TemporalView;
  readonly doorPerMinute?: number;
  readonly checkpointHook?: CheckpointHook;
};
export type Look = 'manifests' | 'fences' | 'incidents' | 'pages' | 'checkpoints';
export type Recorder = {
  readonly url: string;
  readonly log: Log;
  /** Looks there at once instead of at the next poll. Throws what the poll would log. */
  look(at: Look): Promise<void>;
  stop(): Promise<void>;
};

/**
 * The recorder: takes its archive, verifies all of it, then serves and looks at Temporal. Throws `RECORD_REFUSED` while
 * another live recorder has the archive, `STORE_UNFIT` or `STORE_AWAY` for a bucket, and `RECORD_DAMAGED` naming object and
 * reason: a log that is damaged, or less than was published of it, is not served.
 */
export async function startRecorder(deps: RecorderDeps): Promise<Recorder> {
  const { config, logger } = deps;
  const archive = await openArchive(config.archive, deps.clock, config.keys, logger);
  const { store } = archive;
  try {
    const metrics = createMetrics(deps.registry);
    const places = await openPlaces(config.checkpoints, deps.checkpointHook, config.keys);
    const log = await openKnownLog(deps, store, places, metrics);
    const manifests = createManifests({ ...deps, dir: config.manifestDir, keys: config.keys, mode: config.mode });
    await manifests.reload();
    manifests.start();
    const blobs = createBlobs(store);
    const recordManifest = createManifestRecorder({ log, blobs, manifestDir: config.manifestDir });
    // Without rules nothing is admitted, but outcomes must still find their log.
    await recordNewest(manifests, recordManifest).catch((error: unknown) => {
      logger.error({ code: codeOf(error) }, 'no manifest to go by: nothing will be admitted');
    });
    const lookUpFence: DoorParts['lookUpFence'] = (scope) => deps.temporal.fence(scope);
    const parts = { ...deps, log, places, blobs, manifests, keys: config.keys, recordManifest, lookUpFence };
    const server = await startServer({ ...parts, metrics, listen: config.listen });
    const looks = looksOf(deps, { ...parts, metrics });
    const pollers = startPollers(deps, looks, metrics);
    return {
      url: server.url,
      log,
      look: (at) => looks[at](),
      async stop() {
        await Promise.all(pollers.map((poller) => poller.stop()));
        manifests.stop();
        await server.close();
        await archive.close();
      },
    };
  } catch (error) {
    await archive.close();
    throw error;
  }
}

/** Verifies the whole log, and that it is no less than what was published of it. */
async function openKnownLog(
  deps: RecorderDeps,
  store: RecordStore,
  places: readonly CheckpointPlace[],
  metrics: RecorderMetrics,
): Promise<Log> {
  const { config, logger } = deps;
  const known = await newestOf(places);
  const onAppend: OnAppend = ({ kind }, ms) => metrics.appended(kind, ms);
  const log = await openLog({ ...deps, store, keys: config.keys, origin: config.checkpoints.origin, onAppend });
  logger.info({ records: log.state.link.seq + 1 }, 'log verified');
  mustReach(log, known);
  if (places.length === 0) logger.warn('no checkpoints are kept elsewhere: who keeps the archive can rewind it unseen');
  return log;
}

type Parts = DoorParts & {
  readonly metrics: RecorderMetrics;
  readonly manifests: Manifests;
  readonly places: readonly CheckpointPlace[];
};

type Looks = Readonly<Record<Look, () => Promise<void>>>;

function looksOf(deps: RecorderDeps, parts: Parts): Looks {
  const { config, logger, temporal, notifier, clock } = deps;
  const { log, blobs, metrics, manifests, places } = parts;
  const { bundleDir, unknownAfterMs } = config;
  const checkpoints = (): Promise<void> => publish({ ...deps, log, places });
  const sweep = createSweep({ log, blobs, temporal, clock, logger, bundleDir, unknownAfterMs });
  return {
    manifests: async () => {
      await manifests.reload();
      await recordNewest(manifests, parts.recordManifest);
    },
    fences: async () => {
      await watchFences({ log, temporal });
      metrics.temporalAnswers(true);
      metrics.headIs(log.state.link.seq);
    },
    incidents: async () => {
      if (await sweep.pass()) await checkpoints();
    },
    pages: () => tellOfWhatIsUntold({ log, notifier, clock, manifests }),
    checkpoints,
  };
}

/** Five loops, none of which waits for another: a page that hangs must not delay the sight of a stop. */
function startPollers({ config, logger }: RecorderDeps, looks: Looks, metrics: RecorderMetrics): Poller[] {
  const everyMs = {
    manifests: config.pollMs,
    fences: config.fencePollMs,
    incidents: config.pollMs,
    pages: config.fencePollMs,
    checkpoints: config.checkpoints.everyMs,
  };
  const onFault = (loop: string) => (error: unknown) => {
    const code = codeOf(error);
    if (code === 'TEMPORAL_AWAY' || code === 'FENCE_UNREACHABLE') metrics.temporalAnswers(false);
    logger.warn({ loop, code, err: code === 'INTERNAL' ? error : undefined }, 'poll failed; it is tried again');
  };
  return (Object.keys(looks) as Look[]).map((look) => createPoller(everyMs[look], looks[look], onFault(look)));
}

const recordNewest = async (manifests: Manifests, record: RecordManifest): Promise<void> => record(manifests.newest());
