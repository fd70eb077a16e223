import { type Program, type Reading, reading, unknown } from '../program.ts';
import type { TypedAction } from '../typed-action.ts';
import { literalOf } from '../word.ts';

/** cdktf, which drives terraform. System `terraform`: `destroy` is its own, `deploy` is `apply`, `diff` is `plan`. */
const commands = new Map<string, readonly [string, TypedAction['effect']]>([
  ['destroy', ['destroy', 'write']],
  ['deploy', ['apply', 'write']],
  ['apply', ['apply', 'write']],
  ['diff', ['plan', 'read']],
  ['plan', ['plan', 'read']],
  ['list', ['list', 'read']],
  ['output', ['output', 'read']],
  ['debug', ['show', 'read']],
  ['help', ['help', 'read']],
]);
for (const name of ['synth', 'synthesize', 'get', 'init', 'login', 'watch', 'convert', 'provider'])
  commands.set(name, [name, 'write']);

export const cdktf: Program = {
  names: ['cdktf'],
  read: (argv): Reading => {
    // Its parser takes options before the command too, and some of them take a value: the command must come first.
    const name = literalOf(argv[0]) ?? '';
    const found = commands.get(name);
    if (found === undefined)
      return unknown('unknown.terraform-command', `\`${name}\` is no command that is known here`);
    const [verb, effect] = found;
    return reading([{ system: 'terraform', verb, object: '', names: [], modifiers: [], effect }]);
  },
};
