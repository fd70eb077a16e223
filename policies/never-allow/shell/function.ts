import type { Function as FunctionNode } from 'unbash';
import type { Word } from '../word.ts';
import { type Call, mayGoDeeper, type Scope } from './scope.ts';
import { joinState, newState } from './state.ts';
import { textOfWord } from './text.ts';
import { type Output, runFunctionBody } from './walk.ts';

/** Calls a function that the text defines: its body, with the words of the call for `$1` and `$@`. */
export function callFunction(node: FunctionNode, args: readonly Word[], scope: Scope): Output {
  if (!mayGoDeeper(scope)) return null;
  scope.findings.called.add(node);
  const { state } = scope;
  const before = state.positional;
  const texts = args.map(textOfWord);
  state.positional = texts.includes(null) ? null : texts.filter((text) => text !== null);
  const call: Call = { early: [], locals: new Map() };
  const output = runFunctionBody(node, { ...scope, depth: scope.depth + 1, call, loop: null });
  for (const early of call.early) joinState(state, early);
  for (const [name, value] of call.locals) {
    if (value === undefined) state.variables.delete(name);
    else state.variables.set(name, value);
  }
  state.positional = before;
  return output;
}

/** Judges the functions that nothing in the text calls, for whatever may call them with whatever words. */
export function judgeUncalled(scope: Scope): void {
  const { defined, called, exported } = scope.findings;
  for (const node of defined) {
    if (called.has(node) && !exported.has(node)) continue;
    const call: Call = { early: [], locals: new Map() };
    const state = newState();
    for (const [name, body] of scope.state.functions) state.functions.set(name, body);
    runFunctionBody(node, { ...scope, state, call, loop: null, input: { kind: 'outside' } });
  }
}
