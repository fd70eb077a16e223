import { lastValue, parseOptions } from '../options.ts';
import { type Program, reading } from '../program.ts';
import { literalOf } from '../word.ts';
import { commandAfter, getopt, undecided } from './wrapper.ts';

const watchOptions = getopt({
  valued: 'n interval q equexit',
  flags: 'b beep c color C no-color d differences e errexit g chgexit p precise t no-title w no-wrap x exec r no-rerun',
});

/** `watch`: its words are joined and run as shell text, again and again; with `-x` they are a command. */
export const watch: Program = {
  names: ['watch', 'viddy'],
  read: (argv) => {
    const parsed = parseOptions(argv, watchOptions, true);
    if (parsed.undecided.length > 0) return undecided('watch');
    const words = [...parsed.positionals.map(({ word }) => word), ...(parsed.rest ?? [])];
    if (words.length === 0) return reading([]);
    const asCommand = parsed.options.some(({ name }) => name === 'x' || name === 'exec');
    return reading([], [asCommand ? { kind: 'argv', argv: words } : { kind: 'shell', words }]);
  },
};

const scriptOptions = getopt({
  valued: 'c command E echo I log-in O log-out B log-io T log-timing m logging-format o output-limit',
  flags: 'a append e return f flush force q quiet t timing',
});

/** `script -c TEXT FILE`: writes a record of a session, or of a shell text. */
export const script: Program = {
  names: ['script'],
  read: (argv) => {
    const parsed = parseOptions(argv, scriptOptions);
    if (parsed.undecided.length > 0) return undecided('script');
    const text = lastValue(parsed, 'c', 'command');
    const files = parsed.positionals.map(({ word }) => literalOf(word) ?? '?');
    const record = {
      system: 'host',
      verb: 'write',
      object: 'file',
      names: files,
      modifiers: [],
      effect: 'write',
    } as const;
    const written = files.length === 1 && files[0] === '/dev/null' ? [] : [record];
    // Without `-c` what follows the file is a command elsewhere than on Linux.
    const rest = parsed.positionals.slice(1).map(({ word }) => word);
    if (text !== null) return reading(written, [{ kind: 'shell', words: [text] }]);
    return rest.length === 0 ? reading(written, [], 'shell') : reading(written, [{ kind: 'argv', argv: rest }]);
  },
};

const flockOptions = {
  valued: 'w wait timeout E conflict-exit-code',
  flags: 's shared x exclusive e n nb nonblock u unlock o close F no-fork verbose',
  skip: 1,
};

/** `flock FILE COMMAND…` and `flock FILE -c TEXT`. */
export const flock: Program = {
  names: ['flock'],
  read: (argv) => {
    const command = commandAfter(argv, flockOptions);
    if (command === null) return undecided('flock');
    const [first, text] = command;
    if (/^(-c|--command)$/.test(literalOf(first) ?? '') && text !== undefined)
      return reading([], [{ kind: 'shell', words: [text] }]);
    return reading([], command.length === 0 ? [] : [{ kind: 'argv', argv: command }]);
  },
};

/** `busybox APPLET WORD…`: the applet as if it were called by its name. */
export const busybox: Program = {
  names: ['busybox', 'toybox'],
  read: (argv) => {
    const isList = argv.length === 0 || /^--/.test(literalOf(argv[0]) ?? '');
    return reading([], isList ? [] : [{ kind: 'argv', argv }]);
  },
};
