import { formerPrefix, type RecordStore } from './store.ts';

export type OnFault = (object: string, reason: string) => void;

/** What a reader found: the objects, each by the version that counts, and what the store says of its own for the report. */
export type Surveyed = Pick<RecordStore, 'get' | 'list'> & { readonly words: readonly string[] };

/** An archive as an auditor comes to it, with no help of a recorder. */
export type ArchiveSource = {
  /** The keys that lie beside the log, when there are any. */
  trust(): Promise<Buffer | null>;
  /** Looks at every object: reports each that an archive does not have, and each that is not kept as its store promises. */
  survey(onFault: OnFault): Promise<Surveyed>;
};

/** What a reader says of an object that no archive has. */
export const foreignWords = (object: string): string =>
  object === formerPrefix || object.startsWith(`${formerPrefix}/`)
    ? 'foreign: an earlier format kept an object for each record, which only the version that wrote it can read'
    : 'foreign: an archive has no object of this name';
