import type { Cleanup } from '../cli/local/cleanup.ts';
import type { Versions } from './versions.ts';

/** One measurement of one side; `note` is what else was seen, for the round's line. */
export type Measured = { readonly value: number; readonly note: string };
export type Sides = {
  subject(): Promise<Measured>;
  peer(): Promise<Measured>;
  /** Measured once, beside the contest, for the reader alone: lines to print. */
  aside?(): Promise<readonly string[]>;
  /** The Temporal server that the bench started, if it needs one. */
  readonly address?: string;
};
export type Setting = {
  /** A folder that is deleted at the end. */
  readonly home: string;
  /** Gets whatever is started, at once: it is run at the end, however that comes. */
  readonly cleanup: Cleanup;
  readonly say: (line: string) => void;
  /** Ends the run: something that the measurement stands on is gone. */
  readonly fail: (why: string) => void;
};
export type Bench = {
  readonly name: string;
  readonly about: string;
  readonly unit: string;
  readonly peerName: string;
  /** The least ratio that is accepted. */
  readonly floor: number;
  /** True when a busy machine spoils the result. */
  readonly timed: boolean;
  readonly roundsUsual: number;
  readonly roundsMax: number;
  /** One round of both sides that is not counted. */
  readonly warmUp: boolean;
  open(setting: Setting): Promise<Sides>;
};
export type Result = {
  readonly name: string;
  readonly unit: string;
  /** Medians, in the unit. */
  readonly subject: number;
  readonly peer: number;
  readonly peerName: string;
  /** Peer over subject: above 1 we are better. */
  readonly ratio: number;
  readonly floor: number;
  readonly rounds: number;
  /** Load average of the last minute per core, before anything was started. */
  readonly load: number;
  readonly versions: Versions;
};
