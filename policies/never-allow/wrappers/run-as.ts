import { lastValue, parseOptions } from '../options.ts';
import { type Nested, type Program, reading } from '../program.ts';
import { literalOf, type Word } from '../word.ts';
import { readShell } from './interpreters.ts';
import { getopt, takeAssignments, undecided } from './wrapper.ts';

const sudoOptions = getopt({
  valued:
    'a auth-type c login-class C close-from D chdir g group h p prompt R chroot r role t type T command-timeout u user U other-user host',
  flags:
    'A askpass b background B bell E e edit H set-home i login k reset-timestamp K remove-timestamp l list n non-interactive N no-update P preserve-groups s shell S stdin v validate V preserve-env',
});

/** `sudo`: variables, then a command; with `-s` or `-i` and nothing else a shell, which reads its input. */
export const sudo: Program = {
  names: ['sudo', 'sudoedit'],
  read: (argv) => {
    const parsed = parseOptions(argv, sudoOptions, true);
    if (parsed.undecided.length > 0) return undecided('sudo');
    const given = new Set(parsed.options.map(({ name }) => name));
    const { set, rest } = takeAssignments([...parsed.positionals.map(({ word }) => word), ...(parsed.rest ?? [])]);
    if (given.has('e') || given.has('edit')) return reading([fileEdit(rest)]);
    if (rest.length > 0) return reading([], [...set, { kind: 'argv', argv: rest }]);
    const opensShell = ['s', 'shell', 'i', 'login'].some((name) => given.has(name));
    return reading([], set, opensShell ? 'shell' : 'data');
  },
};

const fileEdit = (files: readonly Word[]) => ({
  system: 'host' as const,
  verb: 'edit',
  object: 'file',
  names: files.map(literalOf).filter((name) => name !== null),
  modifiers: [],
  effect: 'write' as const,
});

const doasOptions = getopt({ valued: 'a C u', flags: 'L n s' });

export const doas: Program = {
  names: ['doas'],
  read: (argv) => {
    const parsed = parseOptions(argv, doasOptions, true);
    if (parsed.undecided.length > 0) return undecided('doas');
    const rest = [...parsed.positionals.map(({ word }) => word), ...(parsed.rest ?? [])];
    if (rest.length > 0) return reading([], [{ kind: 'argv', argv: rest }]);
    return reading([], [], parsed.options.some(({ name }) => name === 's') ? 'shell' : 'data');
  },
};

const suOptions = getopt({
  valued: 'c command g group G supp-group s shell session-command w whitelist-environment T',
  flags: 'f fast l login m preserve-environment p P pty',
});

/** `su [-] [USER [WORD…]]`: a shell as another user. What follows the user is what that shell is given. */
export const su: Program = {
  names: ['su'],
  read: (argv) => {
    const parsed = parseOptions(argv, suOptions);
    if (parsed.undecided.length > 0) return undecided('su');
    const words = [...parsed.positionals.map(({ word }) => word), ...(parsed.rest ?? [])];
    const after = words.slice(literalOf(words[0]) === '-' ? 2 : 1);
    const text = lastValue(parsed, 'c', 'command', 'session-command');
    if (text === null) return readShell(after, 'bash');
    const nested: Nested = { kind: 'shell', words: [text] };
    return reading([], [nested]);
  },
};

const runuserOptions = getopt({
  valued: 'u user c command g group G supp-group s shell session-command w whitelist-environment T',
  flags: 'f fast l login m preserve-environment p P pty',
});

/** `runuser -u USER [--] COMMAND`, and else as `su`. */
export const runuser: Program = {
  names: ['runuser'],
  read: (argv) => {
    const parsed = parseOptions(argv, runuserOptions, true);
    if (lastValue(parsed, 'u', 'user') === null) return su.read(argv);
    if (parsed.undecided.length > 0) return undecided('runuser');
    const rest = [...parsed.positionals.map(({ word }) => word), ...(parsed.rest ?? [])];
    return reading([], rest.length === 0 ? [] : [{ kind: 'argv', argv: rest }]);
  },
};
