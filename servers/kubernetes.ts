import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { join, resolve } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import { HoldpointError } from '../contracts/errors.ts';
import type { ServerProcess } from './child.ts';
import { startServer, until } from './child.ts';
import type { Endpoint, Identities, Identity } from './kubernetes/access.ts';
import { clientConfig, newIdentities, tokenFile, writeKubeconfig } from './kubernetes/access.ts';
import { auditPolicy } from './kubernetes/audit-policy.ts';
import { makeNodes, untilUsable } from './kubernetes/nodes.ts';
import type { PodLogs } from './kubernetes/pod-logs.ts';
import { definePodLogs, podLogs, silence } from './kubernetes/pod-logs.ts';
import type { Ports } from './kubernetes/programs.ts';
import {
  apiserverArgs,
  certificate,
  controllerManagerArgs,
  etcdArgs,
  files,
  kwokArgs,
  schedulerArgs,
} from './kubernetes/programs.ts';
import { stages } from './kubernetes/stages.ts';
import { freePorts, loopback } from './ports.ts';
import { cleanEnvironment } from './project.ts';
import type { KubernetesBinaries } from './resolve-kubernetes.ts';
import { resolveKubernetes } from './resolve-kubernetes.ts';

export type ClusterOptions = {
  /** Folder for its state, keys and logs; made when missing. The caller removes it. */
  readonly dir: string;
  readonly bins?: KubernetesBinaries;
  /** Pods that run one of these images crash-loop; all others are ready at once. */
  readonly crashingImages?: readonly string[];
  readonly log?: (line: string) => void;
};
export type Cluster = Endpoint & {
  /** The administrator's: for setting a demo or a test up, never for a process. */
  readonly admin: KubeConfig;
  /** The same as a file, which `kubectl` takes. */
  readonly kubeconfigFile: string;
  /** A client that holds this token and nothing else. */
  as(token: string): KubeConfig;
  /** One JSON event on each line: see `kubernetes/audit-policy.ts`. */
  readonly auditLog: string;
  /** PEM of the key that signs service accounts' tokens; with it a test can make one that expired. */
  readonly serviceAccountKey: string;
  readonly logs: PodLogs;
  readonly pids: readonly number[];
  stop(): Promise<void>;
};

const servingWithinMs = 60_000;
/** Nothing is kept that an orderly end would save. */
const graceMs = 3_000;
/** Ports were free when they were looked for: another process may be quicker to take one of them. */
const triesMax = 3;

/**
 * Starts a real cluster on loopback: etcd, API server with RBAC, token requests and an audit log, controllers, scheduler,
 * and nodes played by kwok, on which no program runs. It ends with `stop`, and by itself when this process dies. Throws
 * `SERVER_MISSING` or `TARGET_AWAY`.
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const log = options.log ?? (() => {});
  const bins = options.bins ?? (await resolveKubernetes({ log }));
  for (let tries = 1; ; tries++) {
    try {
      return await startOnce(bins, join(resolve(options.dir), String(tries)), options.crashingImages ?? []);
    } catch (error) {
      if (tries >= triesMax) throw error;
      log(`the cluster did not start, trying again: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

type Running = { start(name: string, command: string, args: readonly string[]): Promise<void> } & Pick<
  Cluster,
  'pids' | 'stop'
> & {
    /** Throws `TARGET_AWAY` with the last words of a program that ended unasked. */
    mustRun(): void;
  };

/** The programs of one cluster, each with a log file in its folder. */
function programs(dir: string): Running {
  const servers = new Map<string, ServerProcess>();
  const pids: number[] = [];
  return {
    pids,
    async start(name, command, args) {
      // kwok would mix a configuration from the user's home into the one that it is given.
      const env = cleanEnvironment({ HOME: dir });
      const logFile = join(dir, `${name}.log`);
      const server = await startServer({ command, args, env, logFile, cwd: dir, stopSignal: 'SIGTERM' });
      servers.set(name, server);
      pids.push(server.pid);
    },
    mustRun: () => {
      for (const [name, server] of servers) {
        if (!server.hasExited()) continue;
        const said =
          readFileSync(join(dir, `${name}.log`), 'utf8')
            .trim()
            .split('\n')
            .at(-1) ?? '';
        throw new HoldpointError('TARGET_AWAY', `${name} ended: ${said.slice(0, 600)}`);
      }
    },
    stop: async () => {
      // Its store last: an API server that cannot reach it waits for it in vain.
      const [store, ...others] = servers.values();
      await Promise.all(others.map((server) => server.stop(graceMs)));
      await store?.stop(graceMs);
    },
  };
}

async function startOnce(bins: KubernetesBinaries, dir: string, crashingImages: readonly string[]): Promise<Cluster> {
  const [client = 0, peer = 0, api = 0, kubelet = 0] = await freePorts(4);
  const ports: Ports = { client, peer, api, kubelet };
  const identities = newIdentities();
  const serviceAccountKey = writeFiles(dir, identities, crashingImages);
  const running = programs(dir);
  try {
    await running.start('etcd', bins.etcd, etcdArgs(dir, ports));
    await running.start('kube-apiserver', bins.apiserver, apiserverArgs(dir, ports));
    const endpoint = await untilServing(dir, api, identities.admin, running.mustRun);
    const kubeconfig = (name: keyof Identities): string =>
      writeKubeconfig(join(dir, `${name}.kubeconfig`), endpoint, identities[name].token);
    const admin = clientConfig(endpoint, identities.admin.token);
    await definePodLogs(admin);
    const controllerManager = controllerManagerArgs(dir, kubeconfig('controllerManager'));
    await running.start('kube-controller-manager', bins.controllerManager, controllerManager);
    await running.start('kube-scheduler', bins.scheduler, schedulerArgs(kubeconfig('scheduler')));
    await running.start('kwok', bins.kwok, kwokArgs(dir, ports, kubeconfig('kwok')));
    await makeNodes(admin);
    await untilUsable(admin, running.mustRun);
    return {
      ...endpoint,
      admin,
      kubeconfigFile: kubeconfig('admin'),
      as: (token) => clientConfig(endpoint, token),
      auditLog: join(dir, files.auditLog),
      serviceAccountKey,
      logs: podLogs(admin, join(dir, files.podLogs)),
      pids: running.pids,
      stop: running.stop,
    };
  } catch (error) {
    await running.stop();
    throw error;
  }
}

/** Everything that the programs read when they start. Answers the key of service accounts' tokens. */
function writeFiles(dir: string, identities: Identities, crashingImages: readonly string[]): string {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const write = (name: string, text: string): void => writeFileSync(join(dir, name), text, { mode: 0o600 });
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const serviceAccountKey = privateKey.export({ type: 'sec1', format: 'pem' }) as string;
  write(files.serviceAccountKey, serviceAccountKey);
  write(files.tokens, tokenFile(identities));
  write(files.auditPolicy, JSON.stringify(auditPolicy));
  const documents = [...stages(crashingImages), silence(join(dir, files.podLogs))];
  write(files.stages, documents.map((document) => JSON.stringify(document)).join('\n---\n'));
  return serviceAccountKey;
}

/** The API server makes its certificate when it starts: until that is there, nobody can ask it anything safely. */
async function untilServing(dir: string, port: number, admin: Identity, mustRun: () => void): Promise<Endpoint> {
  const url = `https://${loopback}:${port}`;
  const late = (): Error => new HoldpointError('TARGET_AWAY', `the API server at \`${url}\` did not start`);
  const ask = async (): Promise<Endpoint | null> => {
    mustRun();
    if (!existsSync(certificate(dir))) return null;
    const ca = readFileSync(certificate(dir), 'utf8');
    return (await isReady(url, ca, admin.token)) ? { url, ca } : null;
  };
  return until(ask, { forMs: servingWithinMs, everyMs: 50, late });
}

const isReady = (url: string, ca: string, token: string): Promise<boolean> =>
  new Promise((done) => {
    const request = get(`${url}/readyz`, { ca, headers: { authorization: `Bearer ${token}` }, timeout: 2_000 });
    request.once('response', (response) => {
      response.resume();
      done(response.statusCode === 200);
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => done(false));
  });
