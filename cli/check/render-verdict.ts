import type { CommandVerdict } from '../../policies/never-allow/judge-command.ts';
import type { TypedAction } from '../../policies/never-allow/typed-action.ts';
import { visible } from '../../policies/visible.ts';
import type { Io } from '../shell/io.ts';

/** A verdict for a person: what, by which rule and why; with `explain` every action that was found. */
export function renderVerdict({ paint }: Pick<Io, 'paint'>, judged: CommandVerdict, explain: boolean): string[] {
  const paints = { deny: paint.red, require_human: paint.yellow, allow: paint.green } as const;
  const first = `${paints[judged.verdict](judged.verdict)} ${judged.rule}: ${visible(judged.reason, 400)}`;
  return explain ? [first, ...judged.actions.map(renderAction)] : [first];
}

function renderAction({ effect, system, verb, object, modifiers, names }: TypedAction): string {
  const facts = modifiers.length === 0 ? '' : ` (${modifiers.join(', ')})`;
  const targets = names.length === 0 ? '' : `: ${names.map((name) => visible(name, 80)).join(' ')}`;
  return `  ${effect.padEnd(5)} ${[system, verb, object].filter((part) => part !== '').join(' ')}${facts}${targets}`;
}
