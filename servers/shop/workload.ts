import type { V1Deployment, V1Pod } from '@kubernetes/client-node';

export const shopNamespace = 'shop';
export const shopDeployment = 'auth-service';
export const container = 'auth-service';
const repository = 'registry.example.com/shop/auth-service';
export const goodImage = `${repository}:1.4.2`;
/** Starts, misses a setting that this version needs, and exits. */
export const badImage = `${repository}:1.5.0`;
export const replicas = 4;
const labels = { app: shopDeployment };

/**
 * The sign-in service of a shop. While a rollout is stuck, half of it is the new version and half of it the old one.
 * INVARIANT: the new version never becomes ready, so the old pods stay: a rollback has something to go back to.
 */
export const deploymentOf = (image: string, cause: string): V1Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: {
    name: shopDeployment,
    namespace: shopNamespace,
    labels,
    annotations: { 'kubernetes.io/change-cause': cause },
  },
  spec: {
    replicas,
    progressDeadlineSeconds: 20,
    revisionHistoryLimit: 5,
    selector: { matchLabels: labels },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 2 } },
    template: { metadata: { labels }, spec: podSpec(image) },
  },
});

/** A pod that nobody's rollout made, among the others of the service and failing like them. */
export const plantedPod = (name: string): V1Pod => ({
  metadata: { name, namespace: shopNamespace, labels },
  spec: podSpec(badImage),
});

const podSpec = (image: string): V1Pod['spec'] & object => ({
  terminationGracePeriodSeconds: 1,
  containers: [
    {
      name: container,
      image,
      ports: [{ containerPort: 8080 }],
      resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
    },
  ],
});
