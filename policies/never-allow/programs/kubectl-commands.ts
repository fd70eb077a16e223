import { type Command, command } from './cobra.ts';

/*
 * The commands of kubectl v1.36 and their options, with those of earlier versions that scripts still use (`--record`,
 * `--short`). An option whose value may be left out (`--dry-run`, `--cascade`, `--validate`) never takes the next word.
 */

const globalOptions = {
  valued:
    'as as-group as-uid as-user-extra cache-dir certificate-authority client-certificate client-key cluster context kubeconfig ' +
    'kuberc log-flush-frequency n namespace password profile profile-output request-timeout s server tls-server-name token ' +
    'user username v vmodule log-backtrace-at log-dir log-file stderrthreshold',
  flags:
    'disable-compression insecure-skip-tls-verify match-server-version warnings-as-errors alsologtostderr logtostderr',
};

const files = 'f filename k kustomize';
const printing = 'o output template';
const printFlags = 'allow-missing-template-keys show-managed-fields';
const writeFlags = `${printFlags} dry-run R recursive record`;

type Options = { readonly valued?: string; readonly flags?: string };
const read = (name: string, { valued = '', flags = '' }: Options = {}, children: readonly Command[] = []): Command =>
  command(name, { valued, flags }, children);
/** A command that changes objects: it takes files, prints what it did, and has a dry run. */
const write = (name: string, { valued = '', flags = '' }: Options = {}, children: readonly Command[] = []): Command =>
  command(name, { valued: `${files} ${printing} field-manager ${valued}`, flags: `${writeFlags} ${flags}` }, children);

const createFlags = 'save-config validate';
const create = (name: string, valued = '', flags = ''): Command =>
  command(name, {
    valued: `${printing} field-manager ${valued}`,
    flags: `${printFlags} dry-run record ${createFlags} ${flags}`,
  });

const creates = [
  create('clusterrole', 'aggregation-rule non-resource-url resource resource-name verb'),
  create('clusterrolebinding', 'clusterrole group serviceaccount user'),
  create('configmap cm', 'from-env-file from-file from-literal', 'append-hash'),
  create('cronjob cj', 'image restart schedule'),
  create('deployment deploy', 'image port r replicas'),
  create('ingress ing', 'annotation class default-backend rule'),
  create('job', 'from image'),
  create('namespace ns'),
  create('poddisruptionbudget pdb', 'max-unavailable min-available selector'),
  create('priorityclass pc', 'description preemption-policy value', 'global-default'),
  create('quota resourcequota', 'hard scopes'),
  create('role', 'resource resource-name verb'),
  create('rolebinding', 'clusterrole group role serviceaccount user'),
  command('secret', {}, [
    create('docker-registry', 'docker-email docker-password docker-server docker-username from-file', 'append-hash'),
    create('generic', 'from-env-file from-file from-literal type', 'append-hash'),
    create('tls', 'cert key', 'append-hash'),
  ]),
  command('service svc', {}, [
    create('clusterip', 'clusterip tcp'),
    create('externalname', 'external-name tcp'),
    create('loadbalancer', 'tcp'),
    create('nodeport', 'node-port tcp'),
  ]),
  create('serviceaccount sa'),
  create('token', 'audience bound-object-kind bound-object-name bound-object-uid duration'),
];

const sets = [
  write('env', {
    valued: 'c containers e env from keys l selector prefix',
    flags: 'all list local overwrite resolve A all-namespaces',
  }),
  write('image', { valued: 'l selector', flags: 'all local' }),
  write('resources', { valued: 'c containers limits requests l selector', flags: 'all local' }),
  write('selector', { valued: 'resource-version', flags: 'all local' }),
  write('serviceaccount sa', { flags: 'all local' }),
  write('subject', { valued: 'group serviceaccount user l selector', flags: 'all local' }),
];

const rollouts = [
  read('history', { valued: `${files} ${printing} revision l selector`, flags: `${printFlags} R recursive` }),
  read('status', { valued: `${files} revision l selector timeout`, flags: 'R recursive w watch' }),
  write('pause', { valued: 'l selector' }),
  write('restart', { valued: 'l selector' }),
  write('resume', { valued: 'l selector' }),
  write('undo', { valued: 'l selector to-revision' }),
];

const configs = [
  read('current-context'),
  read('get-clusters'),
  read('get-contexts', { valued: 'o output', flags: 'no-headers' }),
  read('get-users'),
  read('view', { valued: printing, flags: `${printFlags} flatten merge minify raw` }),
  command('delete-cluster'),
  command('delete-context'),
  command('delete-user'),
  command('rename-context'),
  command('set', { flags: 'set-raw-bytes' }),
  command('set-cluster', {
    valued: 'certificate-authority proxy-url server tls-server-name',
    flags: 'embed-certs insecure-skip-tls-verify',
  }),
  command('set-context', { valued: 'cluster n namespace user', flags: 'current' }),
  command('set-credentials', {
    valued:
      'auth-provider auth-provider-arg client-certificate client-key exec-api-version exec-arg exec-command exec-env ' +
      'exec-interactive-mode password token username',
    flags: 'embed-certs exec-provide-cluster-info',
  }),
  command('unset'),
  command('use-context use'),
];

const selecting = 'l selector field-selector';
const reads = [
  read('get', {
    valued: `${files} ${printing} ${selecting} chunk-size L label-columns raw sort-by subresource`,
    flags:
      `${printFlags} A all-namespaces ignore-not-found no-headers output-watch-events R recursive server-print show-kind ` +
      'show-labels w watch watch-only export include-uninitialized',
  }),
  read('describe', {
    valued: `${files} chunk-size ${selecting}`,
    flags: 'A all-namespaces R recursive show-events include-uninitialized',
  }),
  read('logs', {
    valued: 'c container limit-bytes max-log-requests pod-running-timeout l selector since since-time tail',
    flags:
      'all-containers all-pods f follow ignore-errors insecure-skip-tls-verify-backend prefix p previous timestamps',
  }),
  read('explain', { valued: 'api-version o output', flags: 'R recursive' }),
  read('events', {
    valued: `${printing} chunk-size for types`,
    flags: `${printFlags} A all-namespaces no-headers w watch`,
  }),
  read('top', {}, [
    read('node nodes no', {
      valued: 'l selector sort-by',
      flags: 'no-headers show-capacity show-swap use-protocol-buffers',
    }),
    read('pod pods po', {
      valued: `${selecting} sort-by`,
      flags: 'A all-namespaces containers no-headers sum show-swap use-protocol-buffers',
    }),
  ]),
  read('api-resources', {
    valued: 'api-group categories o output sort-by verbs',
    flags: 'cached namespaced no-headers show-managed-fields',
  }),
  read('api-versions'),
  read('version', { valued: 'o output', flags: 'client short' }),
  read('cluster-info', {}, [
    read('dump', {
      valued: `${printing} namespaces output-directory pod-running-timeout`,
      flags: `${printFlags} A all-namespaces`,
    }),
  ]),
  read('diff', {
    valued: `${files} concurrency field-manager prune-allowlist l selector`,
    flags: 'force-conflicts prune R recursive server-side show-managed-fields show-secrets',
  }),
  read('wait', {
    valued: `${files} ${printing} ${selecting} for timeout`,
    flags: `${printFlags} all A all-namespaces local R recursive`,
  }),
  read('kustomize', {
    valued:
      'e env helm-api-versions helm-command helm-kube-version load-restrictor mount network-name o output reorder',
    flags: 'as-current-user enable-alpha-plugins enable-exec enable-helm helm-debug network',
  }),
  read('auth', {}, [
    read('can-i', { valued: 'subresource', flags: 'A all-namespaces list no-headers q quiet' }),
    read('whoami', { valued: printing, flags: printFlags }),
    write('reconcile', { flags: 'remove-extra-permissions remove-extra-subjects' }),
  ]),
  read('plugin', {}, [read('list', { flags: 'name-only' })]),
  command('kuberc', {}, [
    command('set', { valued: 'section command option alias appendarg prependarg', flags: 'overwrite' }),
    read('view', { valued: 'o output' }),
  ]),
  read('completion'),
  read('options'),
  read('help'),
];

const deleting = 'cascade force';
const writes = [
  write('create', { valued: 'l selector raw', flags: `edit ${createFlags} windows-line-endings` }, creates),
  write(
    'apply',
    {
      valued: 'grace-period prune-allowlist prune-whitelist l selector subresource timeout',
      flags: `all ${deleting} force-conflicts openapi-patch overwrite prune server-side validate wait`,
    },
    [
      write('edit-last-applied', { flags: 'windows-line-endings validate' }),
      write('set-last-applied', { flags: 'create-annotation' }),
      read('view-last-applied', { valued: `${files} o output l selector`, flags: 'all R recursive' }),
    ],
  ),
  write('delete', {
    valued: `${selecting} grace-period raw timeout`,
    flags: `all A all-namespaces ${deleting} ignore-not-found i interactive now wait include-uninitialized`,
  }),
  write('replace', { valued: 'grace-period raw subresource timeout', flags: `${deleting} ${createFlags} wait` }),
  write('patch', { valued: 'p patch patch-file subresource type', flags: 'local' }),
  write('edit', { valued: 'subresource', flags: `output-patch ${createFlags} windows-line-endings` }),
  write('label', { valued: `${selecting} resource-version`, flags: 'all A all-namespaces list local overwrite' }),
  write('annotate', { valued: `${selecting} resource-version`, flags: 'all A all-namespaces list local overwrite' }),
  write('scale', { valued: 'current-replicas replicas resource-version l selector timeout', flags: 'all' }),
  write('autoscale', { valued: 'cpu cpu-percent max memory min name', flags: 'save-config' }),
  write('expose', {
    valued:
      'cluster-ip external-ip l labels load-balancer-ip name override-type overrides port protocol selector session-affinity ' +
      'target-port type',
    flags: 'save-config',
  }),
  write('run', {
    valued:
      'annotations detach-keys env grace-period image image-pull-policy l labels override-type overrides pod-running-timeout port restart ' +
      'timeout generator hostport limits replicas requests schedule serviceaccount',
    flags: `attach ${deleting} command expose leave-stdin-open privileged q quiet rm save-config i stdin t tty wait`,
  }),
  command('set', {}, sets),
  read('rollout', {}, rollouts),
  command('certificate', {}, [write('approve', { flags: 'force' }), write('deny', { flags: 'force' })]),
  write('cordon', { valued: 'l selector' }),
  write('uncordon', { valued: 'l selector' }),
  write('drain', {
    valued: 'chunk-size grace-period pod-selector l selector skip-wait-for-delete-timeout timeout',
    flags: 'delete-emptydir-data delete-local-data disable-eviction force ignore-daemonsets ignore-errors',
  }),
  write('taint', { valued: 'l selector', flags: 'all overwrite validate' }),
  command('exec', { valued: 'c container f filename pod-running-timeout', flags: 'q quiet i stdin t tty' }),
  command('attach', { valued: 'c container detach-keys pod-running-timeout', flags: 'q quiet i stdin t tty' }),
  command('debug', {
    valued: 'c container copy-to custom env f filename image image-pull-policy profile set-image target',
    flags:
      'arguments-only attach keep-annotations keep-init-containers keep-labels keep-liveness keep-readiness keep-startup ' +
      'q quiet replace same-node share-processes i stdin t tty',
  }),
  command('cp', { valued: 'c container retries', flags: 'no-preserve' }),
  command('port-forward', { valued: 'address pod-running-timeout' }),
  command('proxy', {
    valued:
      'accept-hosts accept-paths address api-prefix keepalive p port reject-methods reject-paths u unix-socket w www P www-prefix',
    flags: 'append-server-path disable-filter',
  }),
  command('config', {}, configs),
  command('alpha', {}, []),
];

/** kubectl itself: its global options, and every command. */
export const kubectlCommands: Command = command('kubectl', globalOptions, [...reads, ...writes]);

/** Verbs that only read, unless an option makes them write. The empty one shows help. */
export const kubectlReads: ReadonlySet<string> = new Set(
  (
    'get describe logs explain events api-resources api-versions version diff wait cluster-info cluster-info-dump kustomize top ' +
    'top-pod top-node auth auth-can-i auth-whoami rollout rollout-status rollout-history plugin plugin-list completion options ' +
    'help config config-view config-get-contexts config-get-clusters config-get-users config-current-context ' +
    'apply-view-last-applied kuberc kuberc-view '
  ).split(' '),
);
