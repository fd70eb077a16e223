import { copyFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from './project.ts';
import type { Environment, Log, Recipe } from './resolve.ts';
import { onPath, resolveServer, runStep } from './resolve.ts';

const version = '1.36.1';
const kwokVersion = '0.8.0';

/** The programs that make a cluster: its store, its four processes, and the one that plays the nodes. */
export type KubernetesBinaries = {
  readonly etcd: string;
  readonly apiserver: string;
  readonly controllerManager: string;
  readonly scheduler: string;
  readonly kwok: string;
};

/** Without a stamp, what is built from the module proxy calls itself `v0.0.0`, and clients read a server's version. */
const stamp = Object.entries({ gitVersion: `v${version}`, gitMajor: '1', gitMinor: '36' })
  .map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)
  .join(' ');

const packages = [
  'go.etcd.io/etcd/server/v3',
  'k8s.io/kubernetes/cmd/kube-apiserver',
  'k8s.io/kubernetes/cmd/kube-controller-manager',
  'k8s.io/kubernetes/cmd/kube-scheduler',
];

/** Kubernetes does not `go install`: it replaces its own modules, so a module of ours names every one of them. */
export const kubernetesModule = (): string => join(projectRoot(), 'servers', 'kubernetes', 'module');

async function buildCluster(dir: string, log: Log): Promise<void> {
  if (onPath('go') === null) throw new Error('no `go` command');
  for (const file of ['go.mod', 'go.sum']) copyFileSync(join(kubernetesModule(), file), join(dir, file));
  const flags = ['-mod=readonly', '-ldflags', `-s -w ${stamp}`];
  await runStep('go', ['build', ...flags, '-o', `${dir}/`, ...packages], {
    cwd: dir,
    env: { CGO_ENABLED: '0' },
    log,
    what: 'building Kubernetes (ten minutes of one processor, once)',
  });
  renameSync(join(dir, 'server'), join(dir, 'etcd'));
  for (const file of ['go.mod', 'go.sum']) rmSync(join(dir, file));
}

async function buildKwok(dir: string, log: Log): Promise<void> {
  if (onPath('go') === null) throw new Error('no `go` command');
  await runStep('go', ['install', '-ldflags', '-s -w', `sigs.k8s.io/kwok/cmd/kwok@v${kwokVersion}`], {
    cwd: dir,
    env: { GOBIN: dir, CGO_ENABLED: '0' },
    log,
    what: 'building kwok (two minutes of one processor, once)',
  });
}

/** They share one cache folder and one lock: whoever needs the first has built all four. */
const clusterRecipe = (command: string, variable: string): Recipe => ({
  name: 'kubernetes',
  version,
  variable,
  command,
  executable: command,
  makers: [{ how: 'build from source', make: buildCluster }],
  install: `install ${command} (etcd 3.6, Kubernetes 1.36) on PATH, or Go 1.26 to build it, or name it in ${variable}`,
});

export const kubernetesRecipes: Readonly<Record<keyof KubernetesBinaries, Recipe>> = {
  etcd: clusterRecipe('etcd', 'HOLDPOINT_ETCD_BIN'),
  apiserver: clusterRecipe('kube-apiserver', 'HOLDPOINT_KUBE_APISERVER_BIN'),
  controllerManager: clusterRecipe('kube-controller-manager', 'HOLDPOINT_KUBE_CONTROLLER_MANAGER_BIN'),
  scheduler: clusterRecipe('kube-scheduler', 'HOLDPOINT_KUBE_SCHEDULER_BIN'),
  kwok: {
    name: 'kwok',
    version: kwokVersion,
    variable: 'HOLDPOINT_KWOK_BIN',
    command: 'kwok',
    executable: 'kwok',
    makers: [{ how: 'build from source', make: buildKwok }],
    install:
      'install kwok (https://kwok.sigs.k8s.io) on PATH, or Go 1.26 to build it, or name it in HOLDPOINT_KWOK_BIN',
  },
};

/**
 * The paths of everything that a cluster is made of. The first build takes minutes and says so as it goes. Throws
 * `SERVER_MISSING` with what to install for the first that is missing.
 */
export async function resolveKubernetes({ log, env }: { log: Log; env?: Environment }): Promise<KubernetesBinaries> {
  const { etcd, apiserver, controllerManager, scheduler, kwok } = kubernetesRecipes;
  // One after the other: the second of two builds at once would only wait for the first one's processors.
  return {
    etcd: await resolveServer(etcd, log, env),
    apiserver: await resolveServer(apiserver, log, env),
    controllerManager: await resolveServer(controllerManager, log, env),
    scheduler: await resolveServer(scheduler, log, env),
    kwok: await resolveServer(kwok, log, env),
  };
}
