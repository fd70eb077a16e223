/** What kwok is told, as it reads it: one document each. */
export type Document = { readonly apiVersion: string; readonly kind: string } & Readonly<Record<string, unknown>>;
type Condition = {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values?: readonly string[];
};
type Step = {
  readonly patch?: { readonly subresource: 'status'; readonly root: 'status'; readonly template: string };
  readonly event?: { readonly type: 'Normal' | 'Warning'; readonly reason: string; readonly message: string };
  readonly delete?: boolean;
};

const stage = (
  kind: 'Node' | 'Pod',
  name: string,
  when: readonly Condition[],
  steps: readonly Step[],
  delay?: { readonly durationFrom: { readonly expressionFrom: string } },
): Document => ({
  apiVersion: 'kwok.x-k8s.io/v1alpha1',
  kind: 'Stage',
  metadata: { name },
  spec: {
    resourceRef: { apiGroup: 'v1', kind },
    selector: { matchExpressions: when },
    ...(delay === undefined ? {} : { delay }),
    steps,
  },
});
const status = (template: string): Step => ({ patch: { subresource: 'status', root: 'status', template } });

const lives: Condition = { key: '.metadata.deletionTimestamp', operator: 'DoesNotExist' };
const pending: Condition = { key: '.status.phase', operator: 'In', values: ['Pending'] };
const image = '.spec.containers[].image';

const nodeStatus = `
conditions:
{{ range NodeConditions }}
- { type: {{ .type }}, status: {{ .status | Quote }}, reason: {{ .reason }}, message: {{ .message | Quote }}, lastHeartbeatTime: {{ Now | Quote }}, lastTransitionTime: {{ Now | Quote }} }
{{ end }}
addresses:
- { type: InternalIP, address: {{ NodeIP | Quote }} }
daemonEndpoints: { kubeletEndpoint: { Port: {{ NodePort }} } }
capacity: { cpu: "4", memory: 16Gi, pods: "110" }
allocatable: { cpu: "4", memory: 16Gi, pods: "110" }
nodeInfo: { architecture: amd64, operatingSystem: linux, osImage: "", bootID: "", machineID: "", systemUUID: "", kernelVersion: "", containerRuntimeVersion: "kwok-{{ Version }}", kubeletVersion: "kwok-{{ Version }}", kubeProxyVersion: "" }
`;

const conditions = (ready: 'True' | 'False'): string => `
conditions:
- { type: Initialized, status: "True", lastTransitionTime: {{ Now | Quote }} }
- { type: ContainersReady, status: "${ready}", lastTransitionTime: {{ Now | Quote }} }
- { type: Ready, status: "${ready}", lastTransitionTime: {{ Now | Quote }} }`;

const addresses = `
hostIP: {{ NodeIPWith .spec.nodeName | Quote }}
podIP: {{ PodIPWith .spec.nodeName ( or .spec.hostNetwork false ) ( or .metadata.uid "" ) ( or .metadata.name "" ) ( or .metadata.namespace "" ) | Quote }}`;

/** The statuses of all containers, in their order; `body` is what each of them says besides its name and image. */
const containers = (body: string): string => `
containerStatuses:
{{ $pod := . }}
{{ range $index, $container := .spec.containers }}
- { name: {{ $container.name | Quote }}, image: {{ $container.image | Quote }}, imageID: "", ${body} }
{{ end }}`;
const restarts = '(index $pod.status.containerStatuses $index).restartCount';
const exitedAt = 'exitCode: 1, reason: Error, startedAt: {{ Now | Quote }}, finishedAt: {{ Now | Quote }}';

const started = (ready: boolean): Step =>
  status(
    `${conditions(ready ? 'True' : 'False')}${addresses}
startTime: {{ Now | Quote }}
phase: Running${containers(`ready: ${ready}, started: ${ready}, restartCount: 0, state: { running: { startedAt: {{ Now | Quote }} } }`)}`,
  );

/**
 * A process that ends a moment after it starts, again and again: never ready, so that a rollout to it does not get on,
 * and each wait is longer than the one before, up to ten seconds.
 */
function crashes(images: readonly string[]): Document[] {
  const crashing: Condition = { key: image, operator: 'In', values: images };
  const runs: Condition = { key: '.status.containerStatuses[].state.running', operator: 'Exists' };
  const waits: Condition = { key: '.status.containerStatuses[].state.waiting', operator: 'Exists' };
  const fell = `ready: false, started: false, restartCount: {{ add ${restarts} 1 }}, lastState: { terminated: { ${exitedAt} } }, state: { waiting: { reason: CrashLoopBackOff, message: "back-off restarting failed container" } }`;
  const again = `ready: false, started: false, restartCount: {{ ${restarts} }}, lastState: { terminated: { ${exitedAt} } }, state: { running: { startedAt: {{ Now | Quote }} } }`;
  const backOff = {
    type: 'Warning',
    reason: 'BackOff',
    message: 'Back-off restarting failed container',
  } as const;
  const longer = '([.status.containerStatuses[0].restartCount * 2, 10] | min | tostring) + "s"';
  return [
    stage('Pod', 'pod-starts-to-crash', [lives, pending, crashing], [started(false)]),
    stage(
      'Pod',
      'pod-crashes',
      [lives, crashing, runs],
      [{ event: backOff }, status(`${conditions('False')}${containers(fell)}`)],
      { durationFrom: { expressionFrom: '"500ms"' } },
    ),
    stage('Pod', 'pod-restarts', [lives, crashing, waits], [status(containers(again).trimStart())], {
      durationFrom: { expressionFrom: longer },
    }),
  ];
}

/**
 * Nodes that are ready at once, pods that start at once, and deletions without a grace period; and pods whose image is one
 * of `crashingImages`, which crash-loop.
 */
export function stages(crashingImages: readonly string[]): readonly Document[] {
  const wholesome: Condition[] =
    crashingImages.length === 0 ? [] : [{ key: image, operator: 'NotIn', values: crashingImages }];
  const notReady: Condition = {
    key: '.status.conditions[] | select(.type == "Ready") | .status',
    operator: 'NotIn',
    values: ['True'],
  };
  return [
    stage('Node', 'node-is-ready', [notReady], [status(nodeStatus)]),
    stage('Pod', 'pod-starts', [lives, pending, ...wholesome], [started(true)]),
    stage('Pod', 'pod-ends', [{ key: '.metadata.deletionTimestamp', operator: 'Exists' }], [{ delete: true }]),
    ...(crashingImages.length === 0 ? [] : crashes(crashingImages)),
  ];
}
