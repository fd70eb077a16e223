import { forbiddenBy } from './floor.ts';
import { grammars } from './grammars.ts';
import { isForeignStatement, isOnlyStatement, mayBeStatement } from './only-statement.ts';
import { Findings, type Grammars } from './shell/findings.ts';
import { judgeUncalled } from './shell/function.ts';
import { runText } from './shell/nested.ts';
import { follow } from './shell/run-argv.ts';
import type { Scope } from './shell/scope.ts';
import { newState } from './shell/state.ts';
import type { TypedAction } from './typed-action.ts';

export type CommandVerdict = {
  readonly verdict: 'deny' | 'require_human' | 'allow';
  readonly rule: string;
  readonly reason: string;
  readonly actions: readonly TypedAction[];
};
/** A rule of a runbook's own list; the first one that forbids an action decides. */
export type Forbids = (action: TypedAction) => { readonly rule: string; readonly reason: string } | null;

/** Judges a command line, or a script, as Bash reads it. Never throws. */
export const judgeCommandWith = (given: Grammars, text: string, forbids: readonly Forbids[] = []): CommandVerdict =>
  verdictOf(walked(given, text, walkShell), forbids);

/** Judges a text of SQL statements, as Postgres reads it. Never throws. */
export const judgeSqlWith = (given: Grammars, text: string, forbids: readonly Forbids[] = []): CommandVerdict =>
  verdictOf(walked(given, text, walkSql), forbids);

/**
 * Judges a command line or a script with every grammar there is. A text that runs nothing in a shell and begins as a
 * statement does is judged as one, so that another dialect's is denied; a statement that the floor forbids is denied whatever
 * a shell would make of it. Needs `loadSqlParser` to have resolved, and denies what may be SQL until then. Never throws.
 */
export function judgeCommand(text: string, forbids: readonly Forbids[] = []): CommandVerdict {
  const asShell = walked(grammars, text, walkShell);
  const verdict = verdictOf(asShell, forbids);
  if (verdict.rule.startsWith('floor.') || !mayBeStatement(text, asShell)) return verdict;
  const asSql = judgeSqlText(text, forbids);
  if (asSql.rule.startsWith('floor.') || isOnlyStatement(text, asShell)) return asSql;
  return asSql.verdict === 'deny' && isForeignStatement(text, asShell) ? asSql : verdict;
}

/** Judges SQL text. Needs `loadSqlParser` to have resolved, and denies until then. Never throws. */
export const judgeSqlText = (text: string, forbids: readonly Forbids[] = []): CommandVerdict =>
  judgeSqlWith(grammars, text, forbids);

function walkShell(text: string, scope: Scope): void {
  runText(text.replace(/\r\n/g, '\n'), scope);
  judgeUncalled(scope);
}

const walkSql = (text: string, scope: Scope): void => follow(scope.findings.grammars.readSql(text), 'sql', scope);

const charsMax = 131_072;

function walked(given: Grammars, text: string, walk: (text: string, scope: Scope) => void): Findings {
  const findings = new Findings(given, text.length);
  if (text.length > charsMax) {
    findings.refuse('input.too-long', `expected at most ${charsMax} characters`);
    return findings;
  }
  try {
    walk(text, rootScope(findings));
  } catch {
    // A rule that fails decides nothing.
    findings.refuse('unknown.failed', 'a rule could not be applied to this text');
  }
  return findings;
}

const rootScope = (findings: Findings): Scope => ({
  findings,
  state: newState(),
  input: { kind: 'inherited' },
  dialect: 'bash',
  depth: 0,
  loop: null,
  call: null,
  files: new Map(),
});

/** INVARIANT: the first that applies: forbidden, not decided, a write, a read. What is found later only makes it stricter. */
function verdictOf({ actions, unknown }: Findings, forbids: readonly Forbids[]): CommandVerdict {
  for (const forbidden of [forbiddenBy, ...forbids]) {
    for (const action of actions) {
      const found = forbidden(action);
      if (found !== null) return { verdict: 'deny', ...found, actions };
    }
  }
  if (unknown !== null) return { verdict: 'deny', ...unknown, actions };
  const write = actions.find(({ effect }) => effect === 'write');
  if (write === undefined) return { verdict: 'allow', rule: 'read.only', reason: 'nothing in it writes', actions };
  const rule = write.modifiers.includes('unlisted') ? 'write.unlisted-program' : 'write.held';
  return { verdict: 'require_human', rule, reason: reasonOf(write), actions };
}

const reasonOf = ({ system, verb, object, names }: TypedAction): string =>
  `a write: ${[system, verb, object, ...names.slice(0, 3)]
    .filter((part) => part !== '')
    .join(' ')
    .slice(0, 200)}`;
