import type { TypedAction } from './typed-action.ts';
import type { Word } from './word.ts';

/** The shells whose texts are read; any other shell's text is unknown. `posix` is `sh`, `dash` and `ash`. */
export type Dialect = 'bash' | 'posix' | 'zsh';

/** How words that come from outside argv join a nested command: `xargs`, `parallel`, `find -exec … {}`. */
export type Outside = {
  /** The literal that they take the place of, wherever it stands; null when they follow the last word. */
  readonly replace: string | null;
  /** How standard input is cut into them; null when it is not where they come from, and nothing is known of them. */
  readonly cut: 'words' | 'lines' | 'nulls' | null;
  /** How many at once: one, or as many as there are. */
  readonly count: 'one' | 'many';
};

/** Something inside a command line that has a language of its own, and is judged in its turn. */
export type Nested =
  /** A command that this program runs: `sudo`, `xargs`, `docker exec`, `kubectl exec … --`. */
  | { readonly kind: 'argv'; readonly argv: readonly Word[]; readonly outside?: Outside }
  /** Shell text: `sh -c`, `ssh HOST`, `watch`. Several words are joined by blanks, as `ssh` and `eval` do. */
  | {
      readonly kind: 'shell';
      readonly words: readonly Word[];
      readonly dialect?: Dialect;
      /** What `$1` and `$@` are inside. */
      readonly positional?: readonly Word[];
    }
  /** A file with shell text: `bash deploy.sh`. */
  | { readonly kind: 'script'; readonly path: Word; readonly dialect?: Dialect; readonly positional?: readonly Word[] }
  /** A variable that is set for what this program runs: `env A=b`. */
  | { readonly kind: 'assignment'; readonly name: string; readonly value: Word }
  /** SQL text: `psql -c`. */
  | { readonly kind: 'sql'; readonly text: Word }
  /** A program in another language, which nothing here can read: `python -c`. */
  | { readonly kind: 'code'; readonly language: string; readonly text: Word };

/**
 * What a program does with its standard input: nothing that decides the meaning (`data`), runs it as shell text, runs it as
 * SQL with psql's own commands (`sql`) or as text of another query language (`other-sql`), appends it to the argv of a nested
 * command (`arguments`), takes it as what to change (`manifest`: `kubectl apply -f -`), or sends it to a server (`sent`).
 */
export type Stdin = 'data' | 'shell' | 'sql' | 'other-sql' | 'arguments' | 'manifest' | 'sent';

/** What one command line comes to, as far as its program's grammar can say. */
export type Reading =
  | {
      readonly kind: 'read';
      readonly actions: readonly TypedAction[];
      readonly nested: readonly Nested[];
      readonly stdin: Stdin;
      /** A use that the grammar does not have: its words are tried as those of a program that nobody lists. */
      readonly unlisted?: true;
    }
  /** The meaning cannot be decided from the text. Denied, with this rule (`unknown.…`) and reason. */
  | { readonly kind: 'unknown'; readonly rule: string; readonly reason: string };

/**
 * The argument grammar of a program. `read` is given everything after the program's own name. It never throws and runs in
 * time linear in the number of words. INVARIANT: a word that is not literal, in a position that decides the meaning (a
 * verb, a kind, an option that could be one of those), makes the reading unknown; so does an option that the grammar does
 * not know where it could take the next word as its value and so move the verb.
 */
export type Program = {
  readonly names: readonly string[];
  readonly read: (argv: readonly Word[]) => Reading;
};

export const reading = (
  actions: readonly TypedAction[],
  nested: readonly Nested[] = [],
  stdin: Stdin = 'data',
): Reading => ({ kind: 'read', actions, nested, stdin });
/** What a program that nobody listed is taken for, whatever else its words come to. */
export const unlistedRun = (name: string): TypedAction => ({
  ...{ system: 'host', verb: 'run', object: 'program', names: [name] },
  ...{ modifiers: ['unlisted'], effect: 'write' },
});
export const unlisted = (name: string): Reading => ({
  ...{ kind: 'read', actions: [unlistedRun(name)], nested: [], stdin: 'data' },
  unlisted: true,
});
export const unknown = (rule: `unknown.${string}`, reason: string): Reading => ({ kind: 'unknown', rule, reason });
