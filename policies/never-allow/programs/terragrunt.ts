import { type Program, type Reading, reading, unknown } from '../program.ts';
import { literal, literalOf, textOf, type Word } from '../word.ts';
import { readTerraform } from './terraform.ts';

/**
 * terragrunt. What it hands on to terraform is read as terraform's; its own commands have system `terraform` too, with their
 * own name as verb (`hcl fmt`, `backend delete`). Its options may stand anywhere, in the new spelling and in the old one with
 * `terragrunt-` before the name.
 */
const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

const valued = words(`
  config working-dir download-dir tf-path tfpath source source-map iam-role iam-assume-role iam-assume-role-duration
  iam-assume-role-session-name iam-assume-role-web-identity-token iam-web-identity-token include-dir exclude-dir
  excludes-file queue-include-dir queue-exclude-dir queue-excludes-file queue-include-units-reading queue-construct-as
  units-that-include modules-that-include parallelism hclfmt-file hclfmt-exclude-dir override-attr json-out json-out-dir
  out-dir log-level log-format log-custom-format provider-cache-dir provider-cache-hostname provider-cache-port
  provider-cache-token provider-cache-registry-names auth-provider-cmd graph-root feature report-file report-format
  report-schema-file experiment strict-control filter filters-file version-manager-file-name
`);
const flags = words(`
  all a graph non-interactive no-auto-init no-auto-retry no-auto-approve no-auto-provider-cache-dir source-update
  ignore-dependency-errors ignore-dependency-order ignore-external-dependencies include-external-dependencies
  include-module-prefix check diff debug inputs-debug log-disable log-show-abs-paths no-color strict-include
  strict-validate strict-mode use-partial-parse-config-cache fetch-dependency-output-from-state
  dependency-fetch-output-from-state forward-tf-stdout tf-forward-stdout fail-on-state-bucket-creation
  disable-bucket-update disable-command-validation no-destroy-dependencies-check provider-cache tf-logs-to-json json-log
  queue-exclude-external queue-include-external queue-strict-include queue-ignore-errors queue-ignore-dag-order fail-fast
  backend-bootstrap backend-require-bootstrap experiment-mode summary-disable summary-per-unit no-stack-generate
  no-stack-validate write delete-bucket cas
`);

const reads = words(`
  hclvalidate validate-inputs find list dag graph-dependencies output-module-groups info terragrunt-info render
`);
const writes = words('render-json catalog scaffold aws-provider-patch');

export const terragrunt: Program = { names: ['terragrunt'], read: readTerragrunt };

type Split = {
  readonly given: ReadonlyMap<string, Word | null>;
  /** What is left when terragrunt's own options are taken out. */
  readonly left: readonly Word[];
  readonly after: readonly Word[] | null;
};

function readTerragrunt(argv: readonly Word[]): Reading {
  const { given, left, after } = split(argv);
  const own = ownCommands(given);
  const found = readCommand(left, after, given);
  if (own.kind === 'unknown' || found.kind === 'unknown') return own.kind === 'unknown' ? own : found;
  return reading(found.actions, [...own.nested, ...found.nested], found.stdin);
}

function split(argv: readonly Word[]): Split {
  const given = new Map<string, Word | null>();
  const left: Word[] = [];
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at];
    if (word === undefined) break;
    const text = word.kind === 'literal' ? word.value : word.prefix;
    if (text === '--' && word.kind === 'literal') return { given, left, after: argv.slice(at + 1) };
    const [, name = '', equals, value = ''] =
      /^(?:--(?:terragrunt-)?|-(?=a$))([a-z][a-z-]*)(=)?(.*)$/s.exec(text) ?? [];
    // An unquoted expansion may split into words of its own, and the first of them could be the command.
    const whole = word.kind === 'literal' || (equals !== undefined && !word.splits);
    if (!whole || !(valued.has(name) || flags.has(name))) left.push(word);
    else if (equals !== undefined || flags.has(name)) given.set(name, word.kind === 'literal' ? literal(value) : word);
    else {
      at += 1;
      const next = argv[at];
      if (next?.kind === 'unknown' && next.splits) left.push(next);
      given.set(name, next ?? null);
    }
  }
  return { given, left, after: null };
}

/** Options that name a program which terragrunt then runs. */
function ownCommands(given: Split['given']): Reading {
  const paths = ['tf-path', 'tfpath'].filter((name) => given.has(name));
  if (paths.some((name) => !/(^|\/)(terraform|tofu)$/.test(literalOf(given.get(name) ?? undefined) ?? '')))
    return unknown('unknown.program', 'another program is run in the place of terraform');
  const command = given.get('auth-provider-cmd');
  return command === undefined || command === null ? reading([]) : reading([], [{ kind: 'shell', words: [command] }]);
}

function readCommand(left: readonly Word[], after: readonly Word[] | null, given: Split['given']): Reading {
  const [first, ...rest] = left;
  const all = [...rest, ...(after ?? [])];
  const command = first === undefined ? null : literalOf(first);
  if (first === undefined) return after === null ? own('help', 'read') : readTerraform(after);
  if (command === null || command.startsWith('-')) return readTerraform([...left, ...(after ?? [])]);
  switch (command) {
    case 'run':
    case 'run-all':
      return all.length === 0 ? own('help', 'read') : readTerraform(all);
    // The old command for a graph of modules, or else terraform's own.
    case 'graph':
      return all.length === 0 ? own('graph', 'read') : readTerraform(all);
    case 'exec':
      return all.length === 0 ? own('help', 'read') : reading([], [{ kind: 'argv', argv: all }]);
    case 'stack':
    case 'hcl':
    case 'backend':
      return readGroup(command, rest, after, given);
    case 'hclfmt':
      return own('hcl fmt', given.has('check') ? 'read' : 'write');
  }
  if (reads.has(command)) return own(command, given.has('write') ? 'write' : 'read');
  if (writes.has(command)) return own(command, 'write');
  const [, whole] = /^(\w+)-all$/.exec(command) ?? [];
  return readTerraform([whole === undefined ? first : literal(whole), ...all]);
}

function readGroup(
  group: string,
  rest: readonly Word[],
  after: readonly Word[] | null,
  given: Split['given'],
): Reading {
  const [word, ...others] = rest;
  const second = word === undefined ? '' : literalOf(word);
  switch (`${group} ${second ?? ''}`) {
    case 'stack run':
      return readTerraform([...others, ...(after ?? [])]);
    case 'stack output':
    case 'hcl validate':
      return own(`${group} ${second}`, 'read');
    case 'hcl fmt':
    case 'hcl format':
      return own('hcl fmt', given.has('check') ? 'read' : 'write');
    case 'stack generate':
    case 'stack clean':
    case 'backend bootstrap':
    case 'backend migrate':
      return own(`${group} ${second}`, 'write');
    case 'backend delete':
      return given.has('delete-bucket') ? bucketDeleted : own('backend delete', 'write');
  }
  const text = word === undefined ? group : `${group} ${textOf(word)}`;
  return unknown('unknown.terraform-command', `\`${text}\` is no command that is known here`);
}

const own = (verb: string, effect: 'read' | 'write'): Reading =>
  reading([{ system: 'terraform', verb, object: '', names: [], modifiers: [], effect }]);

const bucketDeleted = reading([
  { system: 's3', verb: 'delete', object: 'objects', names: [], modifiers: ['recursive'], effect: 'write' },
]);
