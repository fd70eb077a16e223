import type { Command } from 'commander';
import type { Register } from './shell/command.ts';
import { run, subcommand } from './shell/command.ts';
import { exitDone, WrongUse } from './shell/refusal.ts';

type Words = { readonly path: string; readonly subcommands: readonly string[]; readonly options: readonly string[] };
const shells = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

/** `holdpoint completion`: a script made from the commands themselves, so that it cannot fall behind them. */
export const completionCommand: Register = (parent, { io, status }) => {
  subcommand(parent, 'completion', 'print a completion script for your shell', [
    'source <(holdpoint completion bash)',
    'holdpoint completion fish > ~/.config/fish/completions/holdpoint.fish',
  ])
    .argument('<shell>', 'bash, zsh or fish')
    .action(
      run({ io, status }, async (shell: string, options: { json?: boolean }) => {
        const make = Object.hasOwn(shells, shell) ? shells[shell as keyof typeof shells] : undefined;
        if (make === undefined)
          throw new WrongUse(`shell \`${shell.slice(0, 40)}\`: expected bash, zsh or fish`, 'name one of them');
        const script = make(wordsOf(parent, ''));
        io.out(options.json === true ? JSON.stringify({ shell, script }) : script);
        return exitDone;
      }),
    );
};

/** Every command with what may follow it, parents first. `path` is empty for `holdpoint` itself. */
function wordsOf(command: Command, path: string): Words[] {
  const subcommands = command.commands.map((sub) => sub.name());
  const options = [...command.options.map(({ long, short }) => long ?? short ?? ''), '--help'].sort();
  return [
    { path, subcommands, options },
    ...command.commands.flatMap((sub) => wordsOf(sub, path === '' ? sub.name() : `${path} ${sub.name()}`)),
  ];
}

function bashScript(all: readonly Words[]): string {
  const cases = all.map(
    ({ path, subcommands, options }) => `    '${path}') words='${[...subcommands, ...options].join(' ')}' ;;`,
  );
  return [
    '_holdpoint() {',
    "  local path='' word words=''",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a shell expansion, not ours
    '  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a shell expansion, not ours
    '    case "$word" in -*) ;; *) if _holdpoint_knows "$path $word"; then path="${path:+$path }$word"; fi ;; esac',
    '  done',
    '  case "$path" in',
    ...cases,
    '  esac',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a shell expansion, not ours
    '  COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))',
    '}',
    '_holdpoint_knows() {',
    `  case "\${1# }" in ${known(all)}) return 0 ;; *) return 1 ;; esac`,
    '}',
    'complete -o default -F _holdpoint holdpoint',
  ].join('\n');
}

const known = (all: readonly Words[]): string =>
  all
    .filter(({ path }) => path !== '')
    .map(({ path }) => `'${path}'`)
    .join('|');

/** zsh runs the same function through its own emulation of bash's completion. */
function zshScript(all: readonly Words[]): string {
  return ['#compdef holdpoint', 'autoload -U +X bashcompinit && bashcompinit', bashScript(all)].join('\n');
}

function fishScript(all: readonly Words[]): string {
  return all
    .flatMap(({ path, subcommands, options }) => {
      const condition = path === '' ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${path.split(' ').at(-1)}`;
      const words = [...subcommands, ...(path === '' ? [] : options)].join(' ');
      return words === '' ? [] : [`complete -c holdpoint -n '${condition}' -f -a '${words}'`];
    })
    .join('\n');
}
