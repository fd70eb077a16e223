/** What a model says, in no provider's words: each protocol puts it into its own events. */
export type Saying = {
  /** Arguments as an object, or as the very text that is streamed. */
  readonly calls?: readonly { readonly name: string; readonly args: unknown }[];
  readonly text?: string;
  /** In the protocol's own word where it is none of these. */
  readonly stop?: 'calls' | 'end' | 'limit' | 'refusal' | (string & {});
  /** Null: the server does not say. */
  readonly took?: { readonly inputTokens: number; readonly outputTokens: number } | null;
};

export type Sent = {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
};

/** One provider's protocol, as its documentation has it: what a request must be, and how an answer is streamed. */
export type Protocol = {
  readonly path: string;
  readonly keyOf: (headers: Sent['headers']) => string;
  /** What is wrong with a request; null for one that the provider would take. */
  readonly fault: (sent: Sent) => string | null;
  /** The system prompt and the user's message of a request. */
  readonly said: (sent: Sent) => { readonly system: string; readonly user: string };
  /** Events of a whole answer. */
  readonly events: (saying: Saying) => readonly string[];
  /** An event that says, in the middle of a stream, that the server has failed. */
  readonly failing: string;
};

export const tookDefault = { inputTokens: 1_200, outputTokens: 80 };
/** Pieces of an argument text, as a model makes them. */
export const piecesOf = (args: unknown): readonly string[] =>
  (typeof args === 'string' ? args : JSON.stringify(args)).match(/[\s\S]{1,17}/g) ?? [];
