import type { ToolContract } from '../../contracts/tools/contract.ts';
import type { TypedAction } from './typed-action.ts';

/** Everything that a call of a typed tool comes to: the tool by its name, and what its contract says that it does. */
export const toolActions = ({ name, risk, actions }: ToolContract): readonly TypedAction[] => [
  {
    ...{ system: 'tool', verb: 'call', object: name, names: [], modifiers: [] },
    effect: risk === 'read' ? 'read' : 'write',
  },
  ...actions,
];
