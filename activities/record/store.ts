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

export const segmentsPrefix = 'segments';
export const blobsPrefix = 'blobs';
/** Where an earlier format kept an object for each record: nothing is read from there, and nothing may lie there. */
export const formerPrefix = 'records';
const digits = 12;

/** By the number of a segment's first record, zero-padded, so that names sort as numbers do. */
export const segmentKey = (first: number): string => `${segmentsPrefix}/${String(first).padStart(digits, '0')}.txt`;
export const blobKey = (hash: string): string => `${blobsPrefix}/${hash}`;

/** The number of the first record of the segment with this key, or null for a name that no segment has. */
export function firstOfKey(key: string): number | null {
  const match = /^segments\/([0-9]{12})\.txt$/.exec(key);
  return match === null ? null : Number(match[1]);
}

const keyForm = /^(segments\/[0-9]{12}\.txt|blobs\/[0-9a-f]{64})$/;

export const isKey = (key: string): boolean => keyForm.test(key);

/** A key is one of ours or it reaches no store: no path can be smuggled in. */
export function mustBeKey(key: string): void {
  if (!isKey(key)) throw new TypeError('expected the key of a segment or a blob');
}

export const isPrefix = (prefix: string): boolean => [segmentsPrefix, blobsPrefix, formerPrefix].includes(prefix);
