import { type Program, type Reading, unknown } from '../program.ts';
import { literal, literalOf, type Word } from '../word.ts';
import { subcommandOf } from './terraform.ts';

/** One assignment that a program finds in its environment: before it on the command line, from `env`, or exported. */
export type Assignment = { readonly name: string; readonly value: Word };

/**
 * Variables that name a program, a file of settings, or a setting by which a text is read differently. Those that hold a
 * command for any program to run, such as a pager, are judged as what they hold where they are set.
 */
const deciding: ReadonlyMap<string, RegExp> = new Map([
  ['terragrunt', /^(TG|TERRAGRUNT)_(TF_PATH|TFPATH|AUTH_PROVIDER_CMD|DELETE_BUCKET)$/],
  ['psql', /^(PGOPTIONS|PGSERVICE|PGSERVICEFILE|PGCLIENTENCODING)$/],
  ['pgcli', /^(PGOPTIONS|PGSERVICE|PGSERVICEFILE|PGCLIENTENCODING)$/],
  ['mysql', /^(MYSQL_HOME|MYSQL_TEST_LOGIN_FILE)$/],
  ['aws', /^(AWS_CONFIG_FILE|AWS_DATA_PATH)$/],
  [
    'git',
    /^(GIT_(CONFIG.*|EXEC_PATH|SSH|ASKPASS|DIR|COMMON_DIR|TRACE.*|ALLOW_PROTOCOL|TEMPLATE_DIR)|HOME|XDG_CONFIG_HOME)$/,
  ],
  ['openssl', /^(OPENSSL_(CONF|ENGINES|MODULES)|SSLKEYLOGFILE)$/],
  ['kustomize', /^(KUSTOMIZE_PLUGIN_HOME|XDG_CONFIG_HOME|HOME)$/],
  ['rclone', /^RCLONE_(?!CONFIG_PASS$)/],
]);

/**
 * Reads a command in its environment. `TF_CLI_ARGS` and `TF_CLI_ARGS_<command>` are arguments of terraform that stand right
 * after its command; other variables that decide what a program does make the reading unknown. Everything else is left to
 * the program, which reads none of it. Values that are not literal decide too: a variable may hold anything.
 */
export function readInEnvironment(
  program: Program,
  argv: readonly Word[],
  assignments: readonly Assignment[],
): Reading {
  const name = program.names[0] ?? '';
  const pattern = deciding.get(name);
  const lost = assignments.find((assignment) => pattern?.test(assignment.name) === true);
  if (lost !== undefined)
    return unknown('unknown.environment', `\`${lost.name}\` decides what \`${name}\` does, and is not read here`);
  if (name !== 'terraform' && name !== 'terragrunt') return program.read(argv);
  const extra = assignments.filter((assignment) => assignment.name.startsWith('TF_CLI_ARGS'));
  return extra.length === 0 ? program.read(argv) : readWithArguments(program, argv, extra);
}

/** Only what `plan` and `apply` do depends on their options. terragrunt may run either, whatever its own command. */
function readWithArguments(program: Program, argv: readonly Word[], extra: readonly Assignment[]): Reading {
  const head = program.names[0] === 'terraform' ? subcommandOf(argv) : null;
  if (head?.kind === 'found' && head.name !== 'plan' && head.name !== 'apply') return program.read(argv);
  const added: Word[] = [];
  for (const { name, value } of extra) {
    if (head?.kind === 'found' && name !== 'TF_CLI_ARGS' && name !== `TF_CLI_ARGS_${head.name}`) continue;
    const text = literalOf(value);
    if (text === null || /['"\\$`]/.test(text))
      return unknown('unknown.environment', `\`${name}\` holds arguments that cannot be told`);
    added.push(
      ...text
        .split(/\s+/)
        .filter((word) => word !== '' && !/^--?h(elp)?$/.test(word))
        .map(literal),
    );
  }
  const at = head?.kind === 'found' ? head.at + 1 : argv.length;
  return program.read([...argv.slice(0, at), ...added, ...argv.slice(at)]);
}
