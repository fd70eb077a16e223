import type { Function as FunctionNode } from 'unbash';
import type { Program, Reading } from '../program.ts';
import type { TypedAction } from '../typed-action.ts';

/** What text is read with: the grammar of each program by its name, and the reader of SQL. */
export type Grammars = {
  readonly programs: ReadonlyMap<string, Program>;
  /** Statements that a server is sent. */
  readonly readSql: (sql: string) => Reading;
  /** The same with the commands of psql, as it reads them from its input. */
  readonly readSqlScript: (text: string) => Reading;
};

export type Unknown = { readonly rule: string; readonly reason: string };

const actionsMax = 4_000;
const unitsPerCharacter = 64;
const unitsAtLeast = 200_000;
const reasonCharsMax = 400;

/**
 * What was found in one text, and how much work may still be spent on it. INVARIANT: the work is bounded by the length of
 * the text that was given, whatever loops, functions and expansions it holds.
 */
export class Findings {
  readonly actions: TypedAction[] = [];
  /** The first thing that could not be decided. */
  unknown: Unknown | null = null;
  /** What was run, by name: true for what is listed. */
  readonly ran = new Map<string, boolean>();
  /** Files that the text itself writes, by name: what runs from them is not what the text says. */
  readonly written = new Set<string>();
  /** Variables with an attribute (integer, upper case, read-only): what is assigned is not what they hold. */
  readonly attributed = new Set<string>();
  /** Functions that are defined, and those of them that are called: the others are judged for whatever may call them. */
  readonly defined = new Set<FunctionNode>();
  readonly called = new Set<FunctionNode>();
  readonly exported = new Set<FunctionNode>();
  private readonly seen = new Set<string>();
  private readonly work: { left: number };

  constructor(
    readonly grammars: Grammars,
    characters: number,
    work?: { left: number },
  ) {
    this.work = work ?? { left: unitsAtLeast + unitsPerCharacter * characters };
  }

  /** Something that may be meant as a command and may be not: findings of its own, from the same supply of work. */
  fork(): Findings {
    return new Findings(this.grammars, 0, this.work);
  }

  /** False when there is no work left: the caller stops, and the whole text is unknown. */
  spend(units: number): boolean {
    this.work.left -= units;
    if (this.work.left >= 0) return true;
    this.refuse('unknown.limit', 'it takes more work to read than a text of its length may');
    return false;
  }

  add(actions: readonly TypedAction[]): void {
    if (this.actions.length + actions.length > actionsMax) {
      this.refuse('unknown.limit', `expected at most ${actionsMax} actions`);
      return;
    }
    for (const action of actions) {
      // A loop finds the same action in each pass.
      const key = JSON.stringify(action);
      if (!this.seen.has(key)) this.actions.push(action);
      this.seen.add(key);
    }
  }

  refuse(rule: string, reason: string): void {
    this.unknown ??= { rule, reason: reason.slice(0, reasonCharsMax) };
  }
}
