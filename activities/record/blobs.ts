import { HoldpointError } from '../../contracts/errors.ts';
import { sha256Hex } from '../../policies/digest.ts';
import type { RecordStore } from './store.ts';
import { blobKey } from './store.ts';
import { blobBytesMax } from './wire.ts';

/** What the recorder itself archives (a history, a bundle) may be larger than what a process may send. */
export const archivedBytesMax = 64 * 1024 * 1024;

/** Big texts by their hash. A blob is no record: it says nothing until a record names it. */
export type Blobs = {
  /** Stores bytes under their SHA-256, which it answers. Throws `TOO_LARGE`. */
  put(bytes: Uint8Array, bytesMax?: number): Promise<string>;
  /** Throws `NOT_FOUND`, or `RECORD_DAMAGED` when what is stored does not hash to its name. */
  get(hash: string): Promise<Buffer>;
  has(hash: string): Promise<boolean>;
};

export type BlobReader = Pick<Blobs, 'get' | 'has'>;

export function createBlobReader(store: Pick<RecordStore, 'get'>): BlobReader {
  const get = async (hash: string): Promise<Buffer> => {
    const bytes = await store.get(blobKey(hash));
    if (bytes === null) throw new HoldpointError('NOT_FOUND', `blob \`${hash}\` is not stored`);
    if (sha256Hex(bytes) !== hash)
      throw new HoldpointError('RECORD_DAMAGED', `\`${blobKey(hash)}\`: expected content that hashes to its name`);
    return bytes;
  };
  return {
    get,
    async has(hash) {
      try {
        await get(hash);
        return true;
      } catch (error) {
        if (error instanceof HoldpointError && error.code === 'NOT_FOUND') return false;
        throw error;
      }
    },
  };
}

export function createBlobs(store: RecordStore): Blobs {
  const reader = createBlobReader(store);
  return {
    ...reader,
    async put(bytes, bytesMax = blobBytesMax) {
      if (bytes.byteLength > bytesMax)
        throw new HoldpointError('TOO_LARGE', `blob: expected at most ${bytesMax} bytes, got ${bytes.byteLength}`);
      const hash = sha256Hex(bytes);
      // A name that is taken must hold these very bytes; what was changed since is found here, not trusted.
      if ((await store.putNew(blobKey(hash), bytes)) === 'exists') await reader.get(hash);
      return hash;
    },
  };
}
