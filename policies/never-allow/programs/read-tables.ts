import type { OptionStyle } from '../options.ts';
import type { Stdin } from '../program.ts';
import { gitReads } from './git-reads.ts';

/** One reading use: of these commands (`log|show`), with these options and arguments and no others. */
export type Reads = {
  /** The words of the command, '' for none; alternatives are separated by `|`. */
  readonly paths: string;
  readonly valued?: string;
  readonly flags?: string;
  /** How many arguments there may be before one of them changes something. */
  readonly argumentsMax?: number;
  /** What each argument has to be, literally. */
  readonly each?: RegExp;
  /** Options without one of which it changes something, or takes orders from a terminal. */
  readonly needs?: string;
  readonly stdin?: Stdin;
};
/** A program by its reading uses. `valued` and `flags`: options before the command. */
export type Reader = {
  readonly names: string;
  readonly style: OptionStyle;
  readonly valued?: string;
  readonly flags?: string;
  readonly commands: readonly Reads[];
};

const ipObjects =
  'a addr address l link r ro route n neigh neighbor neighbour ru rule maddr mroute tunnel nexthop netns vrf';
const ipPaths = ipObjects
  .split(' ')
  .flatMap((object) => [object, ...['show', 'list', 'ls', 'lst', 'sh'].map((verb) => `${object} ${verb}`)]);

/** `-batch`, `-netns` and `netns exec` are what others do; an abbreviation that could be one of them is not listed. */
const ip: Reader = {
  names: 'ip',
  style: 'go',
  valued: 'f family rc rcvbuf',
  flags:
    's stats statistics d details j json p pretty 4 6 0 o oneline br brief c color h human iec t timestamp ts tshort N Numeric ' +
    'r resolve V Version',
  commands: [
    // Without a verb an object takes no word: `ip link set`, `ip route add`.
    { paths: ipPaths.filter((path) => !path.includes(' ')).join('|'), argumentsMax: 0 },
    {
      paths: [
        ...ipPaths.filter((path) => path.includes(' ')),
        'route get',
        'r get',
        'ro get',
        'netns identify',
        'netns pids',
      ].join('|'),
    },
  ],
};

const openssl: Reader = {
  names: 'openssl',
  style: 'go',
  commands: [
    { paths: 'version', flags: 'a v b o f p d e m r c' },
    { paths: 'ciphers', valued: 'ciphersuites', flags: 'v V s tls1 tls1_1 tls1_2 tls1_3 stdname psk srp' },
    {
      paths: 'x509|req|crl',
      valued: 'in inform nameopt certopt checkend checkhost checkip checkemail ext purpose passin verifyopt',
      flags:
        'noout text subject issuer dates startdate enddate fingerprint serial hash subject_hash issuer_hash pubkey modulus email ' +
        'ocsp_uri alias ocspid sha1 sha256 sha384 sha512 md5 verify verify_ok lastupdate nextupdate crlnumber',
      needs: 'noout',
      argumentsMax: 0,
    },
    {
      paths: 'verify',
      valued: 'CAfile CApath CAstore untrusted trusted CRLfile purpose verify_hostname verify_depth nameopt',
      flags: 'verbose show_chain partial_chain no-CAfile no-CApath crl_check crl_check_all',
    },
    // Whatever comes in is sent to the server.
    {
      paths: 's_client',
      valued:
        'connect host port servername verify CAfile CApath verify_hostname starttls alpn cipher ciphersuites proxy xmpphost name',
      flags:
        'showcerts brief quiet ign_eof no_ign_eof status verify_return_error verify_quiet prexit tls1 tls1_1 tls1_2 tls1_3 no_ssl3 ' +
        'no_tls1 no_tls1_1 no_tls1_2 no_tls1_3 noservername 4 6',
      argumentsMax: 1,
      stdin: 'sent',
    },
  ],
};

/** Without the options that let a build run programs: `--enable-exec`, `--enable-alpha-plugins`, `--enable-helm`. */
const kustomize: Reader = {
  names: 'kustomize',
  style: 'pflag',
  commands: [
    { paths: 'build', valued: 'load-restrictor reorder', flags: 'enable-managedby-label h help', argumentsMax: 1 },
    { paths: 'version', flags: 'short output o h help' },
  ],
};

const httpConfig = 'http.config.file';
const promtool: Reader = {
  names: 'promtool',
  style: 'pflag',
  valued: 'enable-feature',
  flags: 'experimental version h help',
  commands: [
    { paths: 'query instant', valued: `time o format ${httpConfig}` },
    { paths: 'query range', valued: `header start end step o format ${httpConfig}` },
    { paths: 'query series', valued: `match start end o format ${httpConfig}` },
    { paths: 'query labels', valued: `start end match o format ${httpConfig}` },
    { paths: 'query analyze', valued: `server type duration time match ${httpConfig}` },
    { paths: 'check config', flags: 'syntax-only agent', valued: 'lint' },
    { paths: 'check rules', flags: 'lint-fatal', valued: 'lint' },
    { paths: 'check metrics' },
    { paths: 'check healthy|check ready', valued: `url ${httpConfig}` },
    { paths: 'test rules', valued: 'run', flags: 'diff' },
    { paths: 'tsdb list', flags: 'r human-readable' },
  ],
};

const amtool: Reader = {
  names: 'amtool',
  style: 'pflag',
  valued: 'alertmanager.url o output timeout date.format http.config.file',
  flags: 'v verbose version-check no-version-check h help version',
  commands: [
    { paths: 'alert|silence|config|cluster', argumentsMax: 0, valued: 'alertmanager.url o output' },
    {
      paths: 'alert query',
      valued: 'receiver alertmanager.url o output',
      flags: 'i inhibited s silenced a active u unprocessed',
    },
    {
      paths: 'silence query',
      valued: 'within created-by id alertmanager.url o output',
      flags: 'expired q quiet',
    },
    { paths: 'config show|cluster show', argumentsMax: 0, valued: 'alertmanager.url o output' },
    {
      paths: 'config routes|config routes show|config routes test',
      valued: 'config.file verify.receivers',
      flags: 'tree',
    },
    { paths: 'check-config' },
  ],
};

const lokiPlaces =
  'addr username password ca-cert cert key org-id bearer-token bearer-token-file retries min-backoff max-backoff timezone z o output';
const lokiFlags = 'q quiet stats tls-skip-verify compress';
/** Without `--cpuprofile`, `--memprofile` and `--part-path-prefix`, which write files. */
const logcli: Reader = {
  names: 'logcli',
  style: 'pflag',
  valued: lokiPlaces,
  flags: lokiFlags,
  commands: [
    {
      paths: 'query|instant-query|labels|series|stats|volume|volume_range|detected-fields',
      valued: `${lokiPlaces} limit since from to now step interval batch delay-for include-label exclude-label labels-length`,
      flags: `${lokiFlags} f tail forward no-labels colored-output include-common-labels analyze-labels targetLabels aggregateByLabels`,
    },
  ],
};

const stern: Reader = {
  names: 'stern',
  style: 'pflag',
  commands: [
    {
      paths: '',
      valued:
        'n namespace c container l selector s since tail o output context kubeconfig e exclude i include H highlight ' +
        'E exclude-container exclude-pod container-state field-selector color max-log-requests node template timezone',
      flags:
        'A all-namespaces t timestamps no-follow init-containers ephemeral-containers only-log-lines d diff-container v version h help',
    },
  ],
};

/** Alone they list; with a name they change the configuration that everything else goes by. */
const kubectx: Reader = {
  names: 'kubectx',
  style: 'pflag',
  commands: [{ paths: '', flags: 'c current h help V version', argumentsMax: 0 }],
};
const kubens: Reader = { ...kubectx, names: 'kubens' };

const crictl: Reader = {
  names: 'crictl',
  style: 'pflag',
  valued: 'c config i image-endpoint r runtime-endpoint t timeout',
  flags: 'D debug',
  commands: [
    {
      paths: 'ps|pods|images|image|img|stats|statsp|inspect|inspecti|inspectp|info|version|imagefsinfo',
      valued: 'o output id image label name namespace pod s state last n seconds template t',
      flags: 'a all q quiet v verbose latest l no-trunc digests r resolve-image-path w watch',
    },
    { paths: 'logs', valued: 'tail since limit-bytes', flags: 'f follow p previous t timestamps r reopen' },
  ],
};

const argocdPlaces =
  'server auth-token config argocd-context grpc-web-root-path core-context http-retry-max kube-context logformat loglevel';
const argocdFlags = 'core grpc-web insecure plaintext port-forward';
const argocd: Reader = {
  names: 'argocd',
  style: 'pflag',
  valued: argocdPlaces,
  flags: argocdFlags,
  commands: [
    {
      paths:
        'app get|app list|app diff|app history|app manifests|app resources|app logs|cluster list|cluster get|repo list|repo get|' +
        'proj list|proj get|appset list|appset get|version',
      valued: `${argocdPlaces} o output l selector p project N app-namespace n namespace c cluster r repo revision revisions since tail since-seconds container kind group name`,
      flags: `${argocdFlags} show-operation show-params client short f follow previous exit-code`,
    },
  ],
};

const fluxPlaces =
  'n namespace context kubeconfig timeout cluster as as-group o output l label-selector since tail kind name status-selector';
const flux: Reader = {
  names: 'flux',
  style: 'pflag',
  valued: fluxPlaces,
  commands: [
    {
      paths: 'get|logs|events|check|version|stats|tree|trace',
      valued: fluxPlaces,
      flags: 'A all-namespaces w watch no-header show-source pre client f follow',
    },
  ],
};

const etcdPlaces =
  'endpoints cacert cert key user password w write-out command-timeout dial-timeout discovery-srv keepalive-time keepalive-timeout';
const etcdFlags = 'insecure-skip-tls-verify insecure-transport hex debug';
const etcdctl: Reader = {
  names: 'etcdctl',
  style: 'pflag',
  valued: etcdPlaces,
  flags: etcdFlags,
  commands: [
    {
      paths:
        'endpoint status|endpoint health|endpoint hashkv|member list|alarm list|lease list|user list|role list|version',
      valued: etcdPlaces,
      flags: `${etcdFlags} cluster`,
    },
  ],
};

/** `name=value` sets, with `-w` or without. */
const sysctl: Reader = {
  names: 'sysctl',
  style: 'pflag',
  commands: [
    {
      paths: '',
      valued: 'r pattern',
      flags: 'a A X all n values e ignore N names b binary d h help V version',
      each: /^[\w.*/-]+$/,
    },
  ],
};

export const readers: readonly Reader[] = [
  ...[
    gitReads,
    ip,
    openssl,
    kustomize,
    promtool,
    amtool,
    logcli,
    stern,
    kubectx,
    kubens,
    crictl,
    argocd,
    flux,
    etcdctl,
    sysctl,
  ],
];
