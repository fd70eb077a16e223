import { type Dialect, type Program, type Reading, reading, unknown } from '../program.ts';
import { literalOf, type Word } from '../word.ts';

const shells: Readonly<Record<string, Dialect>> = {
  bash: 'bash',
  rbash: 'bash',
  sh: 'posix',
  dash: 'posix',
  ash: 'posix',
  ksh: 'posix',
  ksh93: 'posix',
  mksh: 'posix',
  zsh: 'zsh',
};

/** `sh -c TEXT`, `sh FILE`, `sh -s` and `sh` alone, which reads what it runs from its input. */
export function readShell(argv: readonly Word[], dialect: Dialect): Reading {
  const given = { text: false, stdin: false };
  let at = 0;
  for (; at < argv.length; at++) {
    const known = literalOf(argv[at]);
    if (known === null && given.text && isOneWord(argv[at])) break;
    if (known === null) return unknown('unknown.option', 'an option of a shell that is not literal');
    if (known === '--' || known === '-') {
      at += 1;
      break;
    }
    if (!/^[-+]./.test(known)) break;
    const read = readOption(known, given);
    if (read === null)
      return unknown('unknown.option', `\`${known.slice(0, 60)}\` makes a shell run more than its arguments`);
    at += read;
  }
  const [first, ...rest] = argv.slice(at);
  if (given.text) {
    if (first === undefined) return reading([]);
    // The word after the text is `$0`.
    return reading([], [{ kind: 'shell', words: [first], dialect, positional: rest.slice(1) }]);
  }
  if (given.stdin || first === undefined) return reading([], [], 'shell');
  return reading([], [{ kind: 'script', path: first, dialect, positional: rest }]);
}

/** Whatever it holds, it is not known what runs; that it is one word is enough to say so of the right one. */
const isOneWord = (word: Word | undefined): boolean => word?.kind === 'unknown' && !word.splits;

const harmlessLong =
  /^--(login|noprofile|norc|noediting|posix|restricted|verbose|version|help|debugger|emulate|no-rcs|no-globalrcs)$/;

/** How many words an option takes; null for one that loads other code. */
function readOption(option: string, given: { text: boolean; stdin: boolean }): number | null {
  if (option.startsWith('--')) return harmlessLong.test(option) ? 0 : null;
  if (!/^[-+][a-zA-Z]+$/.test(option)) return null;
  if (option.startsWith('-') && option.includes('c')) given.text = true;
  if (option.startsWith('-') && option.includes('s')) given.stdin = true;
  // An interactive shell reads its own start files first, which it also does for a person.
  return /[oO]$/.test(option) ? 1 : 0;
}

const shellPrograms: readonly Program[] = Object.entries(shells).map(([name, dialect]) => ({
  names: [name],
  read: (argv) => readShell(argv, dialect),
}));

const elsewhere = 'fish csh tcsh pwsh powershell cmd nu elvish xonsh osh ysh rc es wish tclsh expect';
const languages =
  'python pypy perl ruby node nodejs deno bun php lua luajit rscript julia groovy scala kotlin java jshell osascript guile racket sbcl erl elixir iex swift irb pry ipython ts-node tsx';

/** A shell or a language that nothing here reads. Asked for its version, it runs nothing. */
const unread = (name: string, language: string): Program => ({
  names: [name],
  read: (argv) => {
    const [only, ...more] = argv;
    if (more.length === 0 && /^(--version|-V|-v|--help|-h)$/.test(literalOf(only) ?? '')) return reading([]);
    return unknown('unknown.code', `nothing here can read ${language}`);
  },
});

export const interpreters: readonly Program[] = [
  ...shellPrograms,
  ...elsewhere.split(' ').map((name) => unread(name, `the language of \`${name}\``)),
  ...languages.split(' ').map((name) => unread(name, name)),
];
