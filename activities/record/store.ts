/**
 * Told when a write reaches a boundary at which a crash leaves a different trace: nothing; bytes that are there but not
 * yet known to be kept; an object.
 */
export type Reached = (point: 'before-put' | 'half-put' | 'after-put') => void;

/**
 * Where the record lives: objects that are written once and never changed. `test/record/store-conformance.ts` says what
 * every implementation must show; nothing else about a store is relied upon.
 */
export type RecordStore = {
  /** Writes a new object, whole and durable when it resolves; never touches one that is there. */
  putNew(key: string, bytes: Uint8Array, reached?: Reached): Promise<'created' | 'exists'>;
  /** The bytes of an object, or null when there is none. */
  get(key: string): Promise<Buffer | null>;
  /** The keys that begin with `prefix` and a slash, sorted. */
  list(prefix: string): Promise<string[]>;
};

export const recordsPrefix = 'records';
export const blobsPrefix = 'blobs';
const digits = 12;

/** Zero-padded, so that names sort as numbers do. */
export const recordKey = (seq: number): string => `${recordsPrefix}/${String(seq).padStart(digits, '0')}.json`;
export const blobKey = (hash: string): string => `${blobsPrefix}/${hash}`;

/** The number that a record's key stands for, or null for a name that no record has. */
export function seqOfKey(key: string): number | null {
  const match = /^records\/([0-9]{12})\.json$/.exec(key);
  return match === null ? null : Number(match[1]);
}

const keyForm = /^(records\/[0-9]{12}\.json|blobs\/[0-9a-f]{64})$/;

export const isKey = (key: string): boolean => keyForm.test(key);

/** A key is one of ours or it reaches no store: no path can be smuggled in. */
export function mustBeKey(key: string): void {
  if (!isKey(key)) throw new TypeError('expected the key of a record or a blob');
}
