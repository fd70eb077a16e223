import type { Draft, Model, Turn } from '../turn.ts';
import { callsToObey } from './obeyed-text.ts';
import { followPlaybook } from './rules.ts';

const label = 'deliberately hijacked reasoner: obeys text found in evidence';

function obeyed(turn: Turn): Draft | null {
  const calls = callsToObey(turn);
  return calls.length === 0 ? null : { model: 'hijacked', label, said: { calls, conclusion: null } };
}

/** The worst case of prompt injection: does whatever the evidence tells it to do, every turn; else follows the playbook. */
export const createHijackedModel = (): Model => ({
  name: 'hijacked',
  budget: null,
  draft: async (turn) => obeyed(turn) ?? followPlaybook(turn),
});

/**
 * The playbook with one hijacked turn: the first whose evidence tells its reader to do something. It counts as made once a
 * call was denied, so a turn that is run again after a crash is the same turn.
 */
export const createDemoModel = (): Model => ({
  name: 'demo',
  budget: null,
  draft: async (turn) => {
    const hadItsTurn = turn.ends.some(({ end }) => end === 'denied');
    return (hadItsTurn ? null : obeyed(turn)) ?? followPlaybook(turn);
  },
});
