import type { KubernetesBinaries } from '../../servers/resolve-kubernetes.ts';

/** A server of this test run, or why there is none. */
export type Found<T> =
  | { readonly kind: 'here'; readonly at: T }
  | { readonly kind: 'missing'; readonly reason: string };

export type TemporalHere = { readonly address: string; readonly uiUrl: string; readonly bin: string };
export type PostgresHere = { readonly host: string; readonly port: number; readonly adminUrl: string };
export type TestServers = {
  readonly temporal: Found<TemporalHere>;
  readonly postgres: Found<PostgresHere>;
  /** Path of an executable time-skipping test server. */
  readonly timeSkipping: Found<string>;
  /** Path of `versitygw`; each suite that needs an S3 server starts one of its own. */
  readonly versitygw: Found<string>;
  /** Paths of everything that a cluster is made of; each suite that needs a cluster starts one of its own. */
  readonly kubernetes: Found<KubernetesBinaries>;
  /** Path of a Chromium; each suite that needs a browser starts one of its own. */
  readonly chromium: Found<string>;
  /** File that each suite which had to be skipped adds a line to. */
  readonly skipsFile: string;
};

declare module 'vitest' {
  interface ProvidedContext {
    servers: TestServers;
  }
}
