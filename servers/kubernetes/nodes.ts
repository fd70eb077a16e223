import { CoreV1Api, type KubeConfig } from '@kubernetes/client-node';
import { HoldpointError } from '../../contracts/errors.ts';
import { until } from '../child.ts';

/** Two, so that one can be cordoned. */
const names = ['node-1', 'node-2'];
const usableWithinMs = 60_000;

/** Makes the nodes that kwok plays. */
export async function makeNodes(admin: KubeConfig): Promise<void> {
  const core = admin.makeApiClient(CoreV1Api);
  for (const name of names) {
    const labels = { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' };
    await core.createNode({ body: { metadata: { name, labels } } });
  }
}

/** Waits until a pod made now would run: every node takes pods, and the controllers have made the account it needs. */
export async function untilUsable(admin: KubeConfig, mustRun: () => void): Promise<void> {
  const core = admin.makeApiClient(CoreV1Api);
  const late = (): Error => new HoldpointError('TARGET_AWAY', 'the cluster did not become usable; its logs say why');
  const ask = async (): Promise<true | null> => {
    mustRun();
    const { items } = await core.listNode();
    const takesPods = items.filter(
      ({ spec, status }) =>
        (spec?.taints ?? []).length === 0 && status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True'),
    );
    if (takesPods.length < names.length) return null;
    return core.readNamespacedServiceAccount({ namespace: 'default', name: 'default' }).then(
      () => true as const,
      () => null,
    );
  };
  await until(ask, { forMs: usableWithinMs, everyMs: 50, late });
}
