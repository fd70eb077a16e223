import type { Program } from '../program.ts';
import { type Command, command } from './cobra.ts';
import { type Dialect, readKubectl } from './kubectl.ts';
import { kubectlCommands, kubectlReads } from './kubectl-commands.ts';

/*
 * OpenShift's oc: kubectl with more commands, the same vocabulary. Deleting a `project` deletes its namespace.
 */

// What these commands are told decides nothing but for those that run a command: the options are those of the reads.
const any = {
  valued:
    'f filename o output template l selector p param param-file labels a registry-config filter-by-os role u unit since tail path ' +
    'boot grep',
  flags:
    'dry-run R recursive all A all-namespaces suggest t show-token c show-context show-server show-console q short local raw ' +
    'ignore-unknown-parameters show-multiarch insecure case-sensitive',
};
const plain = (names: string): Command[] => names.split(' ').map((name) => command(name, any));

const policy = [
  ...plain('who-can can-i scc-review scc-subject-review add-role-to-user add-role-to-group remove-role-from-user'),
  ...plain('remove-role-from-group add-cluster-role-to-user add-cluster-role-to-group remove-user remove-group'),
  ...plain('remove-cluster-role-from-user remove-cluster-role-from-group add-scc-to-user add-scc-to-group'),
];
const rollout = kubectlCommands.children.find(({ names }) => names[0] === 'rollout')?.children ?? [];
const own = [
  ...plain(
    'login logout project new-project new-app new-build start-build cancel-build import-image tag idle rollback',
  ),
  ...plain('process extract expose rsync secrets serviceaccounts registry whoami get-token status projects'),
  command('policy', {}, policy),
  command('rollout', {}, [...rollout, ...plain('latest cancel retry')]),
  command('image', {}, plain('info extract append mirror')),
  command('adm', {}, [
    ...plain(
      'node-logs inspect must-gather upgrade drain cordon uncordon taint migrate new-project wait-for-stable-cluster',
    ),
    command('top', {}, plain('images imagestreams node pod persistentvolumeclaims')),
    command('policy', {}, policy),
    command('prune', {}, plain('builds deployments images groups auth')),
    command('release', {}, plain('info extract mirror new')),
    command('groups', {}, plain('sync prune new add-users remove-users')),
  ]),
  command('rsh', { valued: 'c container f filename shell timeout', flags: 'T no-tty t tty' }),
  command('observe', {
    valued:
      'a argument d delete l listen-addr maximum-errors names object-env-var output resync-period retry-count retry-on-exit-code ' +
      'type-env-var exit-after field-selector selector',
    flags: 'A all-namespaces no-headers once print-metrics-on-exit quiet strict-templates',
  }),
];

const replaced = new Set(own.flatMap(({ names }) => names));
const dialect: Dialect = {
  commands: {
    ...kubectlCommands,
    valued: new Set([...kubectlCommands.valued, 'loglevel', 'config']),
    children: [...kubectlCommands.children.filter(({ names }) => !replaced.has(names[0] ?? '')), ...own],
  },
  reads: new Set([
    ...kubectlReads,
    ...['status', 'projects', 'whoami', 'policy', 'policy-who-can', 'policy-can-i', 'policy-scc-review', 'image'],
    ...['image-info', 'adm', 'adm-top', 'adm-top-images', 'adm-top-imagestreams', 'adm-top-node', 'adm-top-pod'],
    ...[
      'adm-top-persistentvolumeclaims',
      'adm-node-logs',
      'adm-policy',
      'adm-policy-who-can',
      'adm-prune',
      'adm-groups',
    ],
    ...['adm-release', 'adm-release-info', 'process'],
  ]),
  runs: new Set(['exec', 'rsh', 'observe']),
  stops: new Set(['rsh']),
};

/** OpenShift's command line. */
export const oc: Program = { names: ['oc'], read: (argv) => readKubectl(argv, dialect) };
