import type { Scope } from './scope.ts';
import { copyState, joinState, type State } from './state.ts';

const passesMax = 4;

/**
 * Walks the body of a loop until another pass finds no other state: what a pass leaves behind, the next may begin with. It
 * may also not run at all. INVARIANT: a body is walked with every state that it can begin with, or the text is unknown.
 */
export function repeat(scope: Scope, walk: (scope: Scope) => void): void {
  for (let pass = 0; pass < passesMax; pass++) {
    const early: State[] = [];
    const state = copyState(scope.state);
    walk({ ...scope, state, loop: { early, outer: scope.loop } });
    let changed = joinState(scope.state, state);
    for (const left of early) changed = joinState(scope.state, left) || changed;
    if (!changed) return;
  }
  scope.findings.refuse('unknown.limit', `a loop that still changes its variables after ${passesMax} passes`);
}
