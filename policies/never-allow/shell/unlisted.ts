import { forbiddenBy } from '../floor.ts';
import type { TypedAction } from '../typed-action.ts';
import { literalOf, type Word } from '../word.ts';
import type { Findings } from './findings.ts';
import { newShell, runText } from './nested.ts';
import { baseName } from './program-name.ts';
import { runArgv } from './run-argv.ts';
import { mayGoDeeper, type Scope } from './scope.ts';

const attemptsMax = 16;

/**
 * A program that nobody listed: a write, of which nothing more is known. It may run what its words say, so they are tried as
 * a command and as shell text, and what the floor forbids is forbidden here too.
 */
export function runUnlisted(name: string, argv: readonly Word[], scope: Scope): void {
  const { findings } = scope;
  findings.add([
    { system: 'host', verb: 'run', object: 'program', names: [name], modifiers: ['unlisted'], effect: 'write' },
  ]);
  // In zsh it may be a word of the language (`noglob`, `=kubectl`).
  if (scope.dialect === 'zsh') findings.refuse('unknown.dialect', `\`${name.slice(0, 60)}\` may be no program in zsh`);
  if (!mayGoDeeper(scope)) return;
  let attempts = 0;
  argv.forEach((word, at) => {
    const text = literalOf(word);
    if (at === 0 || text === null) return;
    const asCommand = findings.grammars.programs.has(baseName(text));
    const asText = /\s/.test(text.trim());
    if (!asCommand && !asText) return;
    attempts += 1;
    if (attempts > attemptsMax) return;
    const tried = findings.fork();
    const inner = { ...newShell(scope, 'bash', null), findings: tried, depth: scope.depth + 1 };
    if (asText) runText(text, inner);
    else runArgv(argv.slice(at), inner, { functions: false, builtins: false });
    take(tried, argv.slice(at), asText, findings);
  });
  if (attempts > attemptsMax)
    findings.refuse('unknown.limit', `\`${name.slice(0, 60)}\` may run more of its words than can be tried`);
}

function take(tried: Findings, argv: readonly Word[], asText: boolean, findings: Findings): void {
  const forbidden: TypedAction[] = tried.actions.filter((action) => forbiddenBy(action) !== null);
  findings.add(forbidden);
  // A listed program behind a word that is not literal: what it does is not decided, whoever runs it.
  if (!asText && tried.unknown !== null && argv.some(({ kind }) => kind === 'unknown'))
    findings.refuse(tried.unknown.rule, tried.unknown.reason);
}
