import { type Command, command } from './cobra.ts';

/* The commands of helm 3 and 4 and their options. `--dry-run` and, in helm 4, `--wait` never take the next word. */

const globalOptions = {
  valued:
    'burst-limit color colour content-cache kube-apiserver kube-as-group kube-as-user kube-ca-file kube-context ' +
    'kube-tls-server-name kube-token kubeconfig n namespace qps registry-config repository-cache repository-config',
  flags: 'debug kube-insecure-skip-tls-verify',
};

const login = 'ca-file cert-file key-file password username';
const loginFlags = 'insecure-skip-tls-verify plain-http';
const chart = `${login} keyring repo version`;
const chartFlags = `${loginFlags} devel pass-credentials verify`;
const values = 'f values set set-file set-json set-literal set-string post-renderer post-renderer-args';
const release = `${chart} ${values} description history-max l labels o output timeout`;
const releaseFlags =
  `${chartFlags} atomic cleanup-on-fail create-namespace dependency-update disable-openapi-validation dry-run enable-dns force ` +
  'force-conflicts force-replace hide-notes hide-secret no-hooks recreate-pods render-subchart-notes rollback-on-failure ' +
  'skip-crds skip-schema-validation take-ownership wait wait-for-jobs';

const install = { valued: `${release} name-template`, flags: `${releaseFlags} g generate-name replace server-side` };
const one = (name: string) => command(name, { valued: 'revision template o output', flags: 'a all' });
const show = (name: string) => command(name, { valued: `${chart} jsonpath`, flags: chartFlags });
const dependency = { valued: `${login} keyring max-col-width`, flags: `${loginFlags} skip-refresh verify` };

/** helm itself: its global options, and every command. */
export const helmCommands: Command = command('helm', globalOptions, [
  command('uninstall del delete un', {
    valued: 'cascade description timeout',
    flags: 'dry-run ignore-not-found keep-history no-hooks wait',
  }),
  command('install', install),
  command('upgrade', {
    valued: `${release} server-side`,
    flags: `${releaseFlags} i install reset-then-reuse-values reset-values reuse-values`,
  }),
  command('rollback', {
    valued: 'history-max timeout server-side',
    flags: 'cleanup-on-fail dry-run force force-conflicts force-replace no-hooks recreate-pods wait wait-for-jobs',
  }),
  command('test', { valued: 'filter timeout', flags: 'cleanup hide-notes logs' }),
  command('template', {
    ...install,
    valued: `${install.valued} a api-versions kube-version output-dir s show-only`,
    flags: `${install.flags} include-crds is-upgrade release-name skip-tests validate`,
  }),
  command('list ls', {
    valued: 'f filter m max o output offset l selector time-format',
    flags:
      'a all A all-namespaces d date deployed failed no-headers pending r reverse q short superseded uninstalled uninstalling',
  }),
  command('status', { valued: 'o output revision', flags: 'show-desc show-resources' }),
  command('history hist', { valued: 'max o output' }),
  command('get', {}, ['all', 'hooks', 'manifest', 'metadata', 'notes', 'values'].map(one)),
  command('show inspect', { valued: chart, flags: chartFlags }, ['all', 'chart', 'crds', 'readme', 'values'].map(show)),
  command('search', {}, [
    command('hub', { valued: 'endpoint max-col-width o output', flags: 'fail-on-no-result list-repo-url' }),
    command('repo', {
      valued: 'max-col-width o output version',
      flags: 'devel fail-on-no-result r regexp l versions',
    }),
  ]),
  command('lint', {
    valued: `${values} kube-version`,
    flags: 'quiet skip-schema-validation strict with-subcharts',
  }),
  command('verify', { valued: 'keyring' }),
  command('env'),
  command('version', { valued: 'template', flags: 'c client short' }),
  command('completion', { flags: 'no-descriptions' }),
  command('help'),
  command('repo', {}, [
    command('list ls', { valued: 'o output', flags: 'no-headers' }),
    command('add', {
      valued: `${login} timeout`,
      flags: `${loginFlags} allow-deprecated-repos force-update no-update pass-credentials password-stdin`,
    }),
    command('update up', { valued: 'timeout', flags: 'fail-on-repo-update-fail' }),
    command('remove rm'),
    command('index', { valued: 'merge url', flags: 'json' }),
  ]),
  command('dependency dep dependencies', {}, [
    command('list ls', { valued: 'max-col-width' }),
    command('build', dependency),
    command('update up', dependency),
  ]),
  command('plugin', {}, [
    command('list ls', { valued: 't type' }),
    command('install add', { valued: 'version keyring', flags: 'verify' }),
    command('uninstall rm remove'),
    command('update up'),
    command('verify', { valued: 'keyring' }),
    command('package', { valued: 'd destination key keyring passphrase-file', flags: 'sign' }),
  ]),
  command('registry', {}, [
    command('login', { valued: `${login} u p`, flags: 'insecure password-stdin plain-http' }),
    command('logout'),
  ]),
  command('pull fetch', { valued: `${chart} d destination untardir`, flags: `${chartFlags} prov untar` }),
  command('push', { valued: login, flags: loginFlags }),
  command('package', {
    valued: `${login} app-version d destination key keyring passphrase-file version`,
    flags: `${loginFlags} dependency-update u sign skip-schema-validation`,
  }),
  command('create', { valued: 'p starter' }),
  command('docs', { valued: 'dir type', flags: 'generate-headers' }),
]);
