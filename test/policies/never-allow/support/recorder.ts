import { grammars } from '../../../../policies/never-allow/grammars.ts';
import { judgeCommandWith } from '../../../../policies/never-allow/judge-command.ts';
import type { Program } from '../../../../policies/never-allow/program.ts';
import { reading } from '../../../../policies/never-allow/program.ts';
import type { Word } from '../../../../policies/never-allow/word.ts';

export type Recorded = { readonly argvs: readonly (readonly Word[])[]; readonly rule: string };

/** Every argv that the walker finds for a program named `stub`, and the rule of the verdict. */
export function recorded(text: string): Recorded {
  const argvs: (readonly Word[])[] = [];
  const stub: Program = {
    names: ['stub'],
    read: (argv) => {
      argvs.push(argv);
      return reading([]);
    },
  };
  const programs = new Map([...grammars.programs, ['stub', stub]]);
  const { rule } = judgeCommandWith({ ...grammars, programs }, text);
  return { argvs, rule };
}

/** Whether words that a shell passed are among those that the walker allowed for. */
export function covers(words: readonly Word[], passed: readonly string[]): boolean {
  const [first, ...rest] = words;
  if (first === undefined) return passed.length === 0;
  if (first.kind === 'literal') return passed[0] === first.value && covers(rest, passed.slice(1));
  if (!first.splits) return passed[0]?.startsWith(first.prefix) === true && covers(rest, passed.slice(1));
  // None, or any number, of which the first begins as it is known to.
  if (covers(rest, passed)) return true;
  if (passed[0]?.startsWith(first.prefix) !== true) return false;
  for (let taken = 1; taken <= passed.length; taken++) if (covers(rest, passed.slice(taken))) return true;
  return false;
}
