import type { OptionSpec } from '../options.ts';

/*
 * Where docker, podman and nerdctl say what a container runs: the options of `run`, `create`, `exec` and of the commands'
 * own levels. Words after the image or the container belong to the command inside, so options stop at the first argument.
 */

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');
const spec = (valued: string, flags: string): OptionSpec => ({
  style: 'pflag',
  valued: new Set(words(valued)),
  flags: new Set(words(flags)),
});
const extended = (base: OptionSpec, valued: string, flags: string): OptionSpec => ({
  style: 'pflag',
  valued: new Set([...base.valued, ...words(valued)]),
  flags: new Set([...base.flags, ...words(flags)]),
});

const dockerRun = spec(
  `add-host annotation a attach blkio-weight blkio-weight-device cap-add cap-drop cgroup-parent cgroupns cidfile cpu-count
  cpu-percent cpu-period cpu-quota cpu-rt-period cpu-rt-runtime c cpu-shares cpus cpuset-cpus cpuset-mems detach-keys device
  device-cgroup-rule device-read-bps device-read-iops device-write-bps device-write-iops dns dns-opt dns-option dns-search
  domainname entrypoint e env env-file expose gpus group-add health-cmd health-interval health-retries health-start-interval
  health-start-period health-timeout h hostname io-maxbandwidth io-maxiops ip ip6 ipc isolation kernel-memory l label
  label-file link link-local-ip log-driver log-opt mac-address m memory memory-reservation memory-swap memory-swappiness mount
  name net net-alias network network-alias oom-score-adj pid pids-limit platform p publish pull restart runtime security-opt
  shm-size stop-signal stop-timeout storage-opt sysctl tmpfs ulimit u user userns uts v volume volume-driver volumes-from
  w workdir`,
  `d detach disable-content-trust help init i interactive no-healthcheck oom-kill-disable privileged P publish-all q quiet
  read-only rm sig-proxy t tty use-api-socket`,
);
const dockerExec = spec(
  'detach-keys e env env-file u user w workdir',
  'd detach i interactive privileged t tty help h',
);

const podmanRun = extended(
  dockerRun,
  `arch authfile cert-dir cgroup-conf cgroups chrootdirs conmon-pidfile creds decryption-key env-merge gidmap group-entry
  health-log-destination health-max-log-count health-max-log-size health-on-failure health-startup-cmd
  health-startup-interval health-startup-retries health-startup-success health-startup-timeout hosts-file hostuser
  image-volume infra-command infra-conmon-pidfile infra-image infra-name init-ctr init-path intel-rdt-closid os passwd-entry
  personality pidfile pod pod-id-file preserve-fd preserve-fds rdt-class requires retry retry-delay sdnotify seccomp-policy
  secret shm-size-systemd signature-policy subgidname subuidname systemd timeout tz uidmap umask unsetenv variant`,
  'env-host http-proxy infra no-hostname no-hosts passwd read-only-tmpfs replace rmi rootfs tls-verify unsetenv-all',
);
const podmanExec = extended(dockerExec, 'cidfile preserve-fd preserve-fds wait', 'l latest no-session');

const nerdctlRun = extended(
  dockerRun,
  'bypass4netns cgroup-conf cosign-key cosign-certificate-identity ipfs-address log-uri pidfile rdt-class umask verify snapshotter systemd',
  'rootfs rmi no-hosts',
);

const dockerGlobal = spec(
  'config c context H host l log-level tlscacert tlscert tlskey',
  'D debug tls tlsverify v version h help',
);
const podmanGlobal = spec(
  `cdi-spec-dir cgroup-manager config conmon c connection cpu-profile db-backend events-backend hooks-dir H host identity
  imagestore log-level memory-profile module namespace network-backend network-cmd-path network-config-dir out pull-option
  registries-conf root runroot runtime runtime-flag ssh storage-driver storage-opt tlscacert tlscert tlskey tls-ca tls-cert
  tls-key tmpdir url volumepath`,
  'D debug noout r remote syslog trace transient-store v version h help',
);
const nerdctlGlobal = spec(
  `a address H host bridge-ip cdi-spec-dirs cgroup-manager cni-netconfpath cni-path data-root global-dns global-dns-opts
  global-dns-search host-gateway-ip hosts-dir n namespace snapshotter storage-driver userns-remap`,
  'debug debug-full experimental insecure-registry kube-hide-dupe v version h help',
);

/** Options of `docker compose` itself, of its `run` and of its `exec`. */
export const compose = {
  global: spec(
    'ansi env-file f file parallel profile progress project-directory p project-name workdir c context H host log-level',
    'all-resources compatibility dry-run no-ansi verbose v version h help D debug skip-hostname-check tls tlsverify',
  ),
  run: spec(
    'cap-add cap-drop entrypoint e env env-from-file l label name publish p pull u user v volume w workdir',
    `build d detach i interactive no-deps T no-TTY no-tty q quiet quiet-build quiet-pull remove-orphans rm P service-ports t tty
    use-aliases h help`,
  ),
  exec: spec('e env index u user w workdir', 'd detach i interactive T no-TTY no-tty privileged t tty h help'),
} as const;

/** Options of `docker service create`, which names an image and a command as `run` does. */
export const serviceCreate = extended(
  dockerRun,
  `config constraint container-label credential-spec endpoint-mode generic-resource group host limit-cpu limit-memory limit-pids
  max-concurrent mode placement-pref replicas replicas-max-per-node reserve-cpu reserve-memory restart-condition restart-delay
  restart-max-attempts restart-window rollback-delay rollback-failure-action rollback-max-failure-ratio rollback-monitor
  rollback-order rollback-parallelism secret stop-grace-period update-delay update-failure-action update-max-failure-ratio
  update-monitor update-order update-parallelism`,
  'no-resolve-image with-registry-auth',
);

/** Options of `buildx` itself. */
export const buildxGlobal = spec('builder', 'D debug h help');

/** What `rm` and `prune` may be told. */
export const removal = spec(
  'filter platform t time cidfile ignore',
  'f force a all v volumes l link no-prune i depend',
);

export type Engine = { readonly global: OptionSpec; readonly run: OptionSpec; readonly exec: OptionSpec };
export const engines = {
  docker: { global: dockerGlobal, run: dockerRun, exec: dockerExec },
  podman: { global: podmanGlobal, run: podmanRun, exec: podmanExec },
  nerdctl: { global: nerdctlGlobal, run: nerdctlRun, exec: dockerExec },
} as const satisfies Record<string, Engine>;
