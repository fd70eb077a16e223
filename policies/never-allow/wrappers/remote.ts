import { parseOptions } from '../options.ts';
import { type Program, reading } from '../program.ts';
import { literalOf, type Word } from '../word.ts';
import { getopt, undecided, wrapper } from './wrapper.ts';

const sshOptions = getopt({
  valued: 'B b c D E e F I i J L l m O o p P Q R S W w',
  flags: '4 6 A a C f G g K k M N n q s T t V v X x Y y',
});

/** `ssh HOST WORD…`: the words are joined by blanks and run by a shell over there; without words it reads its input. */
export const ssh: Program = {
  names: ['ssh', 'autossh', 'slogin'],
  read: (argv) => {
    const parsed = parseOptions(argv, sshOptions, true);
    if (parsed.undecided.length > 0) return undecided('ssh');
    const commands = parsed.options.flatMap(({ name, value }) => (name === 'o' ? localCommand(value) : []));
    const [host, ...words] = [...parsed.positionals.map(({ word }) => word), ...(parsed.rest ?? [])];
    if (host?.kind === 'unknown' && host.splits) return undecided('ssh');
    const local = commands.map((word) => ({ kind: 'shell' as const, words: [word] }));
    if (host === undefined || parsed.options.some(({ name }) => /^[GNOQV]$/.test(name))) return reading([], local);
    // Options may also stand between the host and the command.
    const after = parseOptions(words, sshOptions, true);
    if (after.undecided.length > 0 && /^-/.test(literalOf(words[0]) ?? '')) return undecided('ssh');
    const command = [...after.positionals.map(({ word }) => word), ...(after.rest ?? [])];
    if (command.length === 0) return reading([], local, 'shell');
    return reading([], [...local, { kind: 'shell', words: command }]);
  },
};

/** Options of ssh that name a command to run here. */
function localCommand(value: Word | null): Word[] {
  if (value === null) return [];
  const known = value.kind === 'literal' ? value.value : value.prefix;
  const [head] =
    /^\s*(ProxyCommand|LocalCommand|KnownHostsCommand|PermitLocalCommand|RemoteCommand)[\s=]+/i.exec(known) ?? [];
  if (head === undefined) return [];
  return [value.kind === 'literal' ? { kind: 'literal', value: known.slice(head.length) } : value];
}

export const sshpass: Program = wrapper('sshpass', { valued: 'p d f P', flags: 'e v' });
