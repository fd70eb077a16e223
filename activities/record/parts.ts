import type { PinnedKeys } from '../../contracts/config.ts';
import type { Signer } from '../../policies/signing.ts';
import type { Manifests } from '../identity/manifests.ts';
import type { Blobs } from './blobs.ts';
import type { Log } from './log.ts';
import type { RecordManifest } from './manifest-record.ts';

/** What every rule of the recorder decides with. */
export type RecorderParts = {
  readonly log: Log;
  readonly blobs: Blobs;
  readonly manifests: Manifests;
  readonly keys: PinnedKeys;
  readonly signer: Signer;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** The Temporal namespace whose runs this log is about. */
  readonly namespace: string;
  /** Appends a `manifest` record for rules that the log has not seen. */
  readonly recordManifest: RecordManifest;
};
