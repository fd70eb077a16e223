import { isSet, type OptionSpec, parseOptions } from '../options.ts';
import { type Nested, type Program, type Reading, reading, unknown } from '../program.ts';
import type { System, TypedAction } from '../typed-action.ts';
import { literal, literalOf, textOf, type Word } from '../word.ts';

/*
 * Programs that bring kubectl or helm along as a subcommand: `minikube kubectl -- get pods`, `k3s kubectl`, `tsh kubectl`.
 * What they carry is judged as itself. Canonical names of the rest: system `host`, verb the subcommand's words joined by
 * a hyphen (`minikube` `profile-list`), object the program's name.
 */

type Carrier = {
  readonly names: readonly string[];
  readonly options: OptionSpec;
  /** Subcommand, and the program whose arguments follow it. */
  readonly carries: ReadonlyMap<string, string>;
  /** Subcommands of one word or two that only read. */
  readonly reads: ReadonlySet<string>;
  /** Subcommands whose arguments are a command for a shell on a node. */
  readonly shells: ReadonlySet<string>;
};

const words = (text: string): ReadonlySet<string> => new Set(text.split(' ').filter((word) => word !== ''));
const options = (valued: string, flags: string): OptionSpec => ({
  style: 'pflag',
  valued: words(valued),
  flags: words(`${flags} h help v version`),
});
const same = (names: string): ReadonlyMap<string, string> => new Map([...words(names)].map((name) => [name, name]));

const carriers: readonly Carrier[] = [
  {
    names: ['minikube'],
    options: options(
      'p profile b bootstrapper user rootless log_dir log_file log_file_max_size log_backtrace_at stderrthreshold vmodule',
      'alsologtostderr logtostderr add_dir_header one_output skip_headers skip_log_headers skip-audit ssh',
    ),
    carries: same('kubectl'),
    reads: new Set([
      ...words('status ip version options help docker-env podman-env ssh-key ssh-host update-check license'),
      ...['profile list', 'service list', 'addons list', 'config view', 'config get', 'image ls', 'node list'],
    ]),
    shells: words('ssh'),
  },
  {
    names: ['k3s'],
    options: options('data-dir d', 'debug'),
    carries: same('kubectl'),
    reads: new Set(['check-config', 'help', 'etcd-snapshot ls', 'etcd-snapshot list', 'token list']),
    shells: words(''),
  },
  {
    names: ['k0s'],
    options: options('data-dir debugListenOn', 'debug verbose'),
    carries: new Map([
      ['kubectl', 'kubectl'],
      ['kc', 'kubectl'],
    ]),
    reads: words('status version sysinfo help'),
    shells: words(''),
  },
  {
    names: ['microk8s'],
    options: options('', ''),
    carries: new Map([...same('kubectl helm helm3'), ['kubectl.orig', 'kubectl']]),
    reads: words('status inspect version help config'),
    shells: words(''),
  },
  {
    names: ['tsh'],
    options: options(
      'l login proxy user ttl i identity cert-format auth jumphost J mfa-mode p port cluster bind-addr',
      'd debug insecure headless skip-version-check',
    ),
    carries: same('kubectl'),
    reads: new Set(['status', 'version', 'help', 'ls', 'clusters', 'kube ls', 'db ls', 'apps ls']),
    shells: words(''),
  },
  {
    names: ['rancher'],
    options: options('config', 'debug'),
    carries: same('kubectl'),
    reads: words('help'),
    shells: words(''),
  },
];

/** Every program that carries kubectl. */
export const kubectlCarriers: readonly Program[] = [
  ...carriers.map((carrier) => ({ names: carrier.names, read: (argv: readonly Word[]) => read(argv, carrier) })),
  // The names that a snap gives to the same subcommands.
  ...['kubectl', 'helm', 'helm3'].map((name) => ({
    names: [`microk8s.${name}`],
    read: (argv: readonly Word[]) => reading([], [carried(name, argv)]),
  })),
];

const carried = (name: string, argv: readonly Word[]): Nested => ({ kind: 'argv', argv: [literal(name), ...argv] });

function read(argv: readonly Word[], carrier: Carrier): Reading {
  const parsed = parseOptions(argv, carrier.options, true);
  const [undecided] = parsed.undecided;
  if (undecided !== undefined) return unknown('unknown.word', `\`${undecided.text}\` may decide the subcommand`);
  const verb = literalOf(parsed.positionals[0]?.word);
  if (verb === null) return reading([action(carrier, 'help', 'read')]);
  const rest = parsed.rest ?? [];
  const program = carrier.carries.get(verb);
  if (program !== undefined) return reading([], [carried(program, afterOptions(rest, carrier))]);
  if (isSet(parsed, 'help', 'h') === true) return reading([action(carrier, 'help', 'read')]);
  if (carrier.shells.has(verb)) return reading([action(carrier, verb, 'write')], shellOf(rest));
  const second = literalOf(rest[0]);
  const isRead = carrier.reads.has(verb) || (second !== null && carrier.reads.has(`${verb} ${second}`));
  // `k3s crictl exec ID CMD`: what else it brings along may run what it is told.
  const nested = isRead ? [] : [carried(verb, rest)];
  return reading([action(carrier, verb, isRead ? 'read' : 'write', rest.map(textOf))], nested);
}

/** `minikube kubectl --ssh -- get pods`: its own options may stand before `--`, and are not kubectl's. */
function afterOptions(rest: readonly Word[], carrier: Carrier): readonly Word[] {
  const parsed = parseOptions(rest, carrier.options, true);
  const end = rest.findIndex((word) => literalOf(word) === '--');
  const isOwn = parsed.positionals.length === 0 && parsed.undecided.length === 0 && parsed.rest !== null;
  return isOwn && end >= 0 ? rest.slice(end + 1) : rest;
}

/** `ssh -n NODE -- CMD`: everything that is no option is joined and run by the node's shell. */
function shellOf(rest: readonly Word[]): Nested[] {
  const spec = options('n node', 'native-ssh');
  const parsed = parseOptions(rest, spec);
  const command = [...parsed.positionals.map(({ word }) => word), ...(parsed.rest ?? [])];
  return command.length === 0 ? [] : [{ kind: 'shell', words: command }];
}

const action = (
  carrier: Carrier,
  verb: string,
  effect: 'read' | 'write',
  names: readonly string[] = [],
  system: System = 'host',
): TypedAction => ({ system, verb, object: carrier.names[0] ?? '', names, modifiers: [], effect });
