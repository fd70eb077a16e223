import type { Program } from '../program.ts';
import { textOf, type Word } from '../word.ts';
import type { Scope } from './scope.ts';

type Found =
  | { readonly kind: 'named'; readonly name: string; readonly program: Program | null }
  | { readonly kind: 'unknown'; readonly rule: string; readonly reason: string };

/** The program that the first word of a command names, by name or by path; `program` is null for one that is not listed. */
export function programOf(word: Word, { findings }: Scope): Found {
  if (word.kind === 'unknown')
    return {
      kind: 'unknown',
      rule: 'unknown.program',
      reason: `which program \`${textOf(word).slice(0, 200)}\` is depends on more than the text`,
    };
  const name = baseName(word.value);
  // Letters of another script look like those of a program that is listed, and are not.
  if (!/^[ -~]*$/.test(name))
    return { kind: 'unknown', rule: 'unknown.program-name', reason: 'expected the name of a program in ASCII' };
  const { programs } = findings.grammars;
  const program = programs.get(name) ?? programs.get(name.replace(/[-_.]?v?\d+(\.\d+)*$/, '')) ?? null;
  const isWritten = findings.written.has(word.value) || (program === null && findings.written.has(name));
  if (isWritten && (program === null || /[/\\]/.test(word.value)))
    return {
      kind: 'unknown',
      rule: 'unknown.written-program',
      reason: `the text writes \`${word.value.slice(0, 200)}\` before it runs it`,
    };
  return { kind: 'named', name: program === null ? name : listedName(name, program), program };
}

const listedName = (name: string, program: Program): string =>
  program.names.find((listed) => name === listed) ?? program.names[0] ?? name;

/** `kubectl` for `/usr/local/bin/kubectl`, `C:\tools\kubectl.exe` and `KUBECTL`: some file systems do not tell case. */
export const baseName = (path: string): string =>
  (path.split(/[/\\]/).at(-1) ?? '').toLowerCase().replace(/\.(exe|cmd|bat|com)$/, '');
