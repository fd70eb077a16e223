import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KubernetesObject, V1CustomResourceDefinition } from '@kubernetes/client-node';
import { ApiException, ApiextensionsV1Api, CustomObjectsApi, type KubeConfig } from '@kubernetes/client-node';
import { HoldpointError } from '../../contracts/errors.ts';
import { until } from '../child.ts';
import type { Document } from './stages.ts';

export type PodName = { readonly namespace: string; readonly pod: string };
export type PodLogs = {
  /**
   * Appends lines to what the pod's log answers, for each of its containers; with `previous`, to what it answers for the
   * run before the last restart.
   */
  write(name: PodName, lines: readonly string[], options?: { readonly previous?: boolean }): Promise<void>;
};

const group = 'kwok.x-k8s.io';
const version = 'v1alpha1';
const served = { group, version, plural: 'logs' };
const establishedWithinMs = 10_000;

/** The kind that tells kwok which file is which pod's log. Its schema says only what is written here. */
const definition: V1CustomResourceDefinition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `logs.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: { kind: 'Logs', listKind: 'LogsList', plural: 'logs', singular: 'logs' },
    versions: [
      {
        name: version,
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { spec: { type: 'object', x_kubernetes_preserve_unknown_fields: true } },
          },
        },
      },
    ],
  },
};

/** What a pod answers that nobody wrote a log for: nothing. Makes the file that it is served from. */
export function silence(dir: string): Document {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = join(dir, 'silence.log');
  writeFileSync(file, '', { mode: 0o600 });
  const logs = [{ logsFile: file, previousLogsFile: file }];
  return { apiVersion: `${group}/${version}`, kind: 'ClusterLogs', metadata: { name: 'silence' }, spec: { logs } };
}

const hasStatus = (error: unknown, code: number): boolean => error instanceof ApiException && error.code === code;

/** Makes the kind that {@link podLogs} writes, and waits until it is served. */
export async function definePodLogs(admin: KubeConfig): Promise<void> {
  const definitions = admin.makeApiClient(ApiextensionsV1Api);
  await definitions.createCustomResourceDefinition({ body: definition }).catch((error: unknown) => {
    if (!hasStatus(error, 409)) throw error;
  });
  const objects = admin.makeApiClient(CustomObjectsApi);
  const late = (): Error => new HoldpointError('TARGET_AWAY', 'the cluster did not take the kind of its log files');
  const ask = (): Promise<true | null> =>
    objects.listCustomObjectForAllNamespaces(served).then(
      () => true as const,
      () => null,
    );
  await until(ask, { forMs: establishedWithinMs, everyMs: 50, late });
}

/** One line as a container runtime keeps it. A line break inside would forge the line after it. */
const asStored = (line: string): string => `${new Date().toISOString()} stdout F ${line.replaceAll(/[\r\n]/g, ' ')}\n`;

/** Pods that log: each line goes to a file, and the API server serves it through the node as it does any pod's log. */
export function podLogs(admin: KubeConfig, dir: string): PodLogs {
  const objects = admin.makeApiClient(CustomObjectsApi);
  const known = new Set<string>();
  const tell = async ({ namespace, pod }: PodName, files: Record<'logsFile' | 'previousLogsFile', string>) => {
    const body: KubernetesObject & { spec: object } = {
      apiVersion: `${group}/${version}`,
      kind: 'Logs',
      metadata: { name: pod, namespace },
      spec: { logs: [files] }, // no container named: all of them
    };
    await objects.createNamespacedCustomObject({ ...served, namespace, body });
  };
  return {
    async write(name, lines, { previous = false } = {}) {
      const folder = join(dir, `${name.namespace}_${name.pod}`);
      const files = { logsFile: join(folder, 'current.log'), previousLogsFile: join(folder, 'previous.log') };
      if (!known.has(folder)) {
        known.add(folder);
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        for (const file of Object.values(files)) writeFileSync(file, '', { mode: 0o600 });
        await tell(name, files);
      }
      appendFileSync(previous ? files.previousLogsFile : files.logsFile, lines.map(asStored).join(''));
    },
  };
}
