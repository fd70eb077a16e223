/**
 * Kinds of Kubernetes objects, canonical: the lower-case singular of a built-in kind (`deployment`, `namespace`,
 * `horizontalpodautoscaler`), and any other as it is spelt, with its group and without its version
 * (`certificate.cert-manager.io`). '*' is what may be any kind.
 */
const table = `
pod pods po
service services svc
deployment deployments deploy
replicaset replicasets rs
statefulset statefulsets sts
daemonset daemonsets ds
job jobs
cronjob cronjobs cj
replicationcontroller replicationcontrollers rc
namespace namespaces ns
node nodes no
configmap configmaps cm
secret secrets
serviceaccount serviceaccounts sa
persistentvolume persistentvolumes pv
persistentvolumeclaim persistentvolumeclaims pvc
endpoints endpoint ep
endpointslice endpointslices
event events ev
ingress ingresses ing
ingressclass ingressclasses
networkpolicy networkpolicies netpol
horizontalpodautoscaler horizontalpodautoscalers hpa
poddisruptionbudget poddisruptionbudgets pdb
limitrange limitranges limits
resourcequota resourcequotas quota
priorityclass priorityclasses pc
storageclass storageclasses sc
volumeattachment volumeattachments
role roles
rolebinding rolebindings
clusterrole clusterroles
clusterrolebinding clusterrolebindings
customresourcedefinition customresourcedefinitions crd crds
apiservice apiservices
mutatingwebhookconfiguration mutatingwebhookconfigurations
validatingwebhookconfiguration validatingwebhookconfigurations
validatingadmissionpolicy validatingadmissionpolicies
validatingadmissionpolicybinding validatingadmissionpolicybindings
certificatesigningrequest certificatesigningrequests csr
lease leases
podtemplate podtemplates
componentstatus componentstatuses cs
controllerrevision controllerrevisions
runtimeclass runtimeclasses
deploymentconfig deploymentconfigs dc
project projects
route routes
buildconfig buildconfigs bc
build builds
imagestream imagestreams is
imagestreamtag imagestreamtags istag
`;

const canonical: ReadonlyMap<string, string> = new Map(
  table
    .trim()
    .split('\n')
    .flatMap((line) => {
      const names = line.split(' ');
      return names.map((name): [string, string] => [name, names[0] ?? '']);
    }),
);

/** Groups of the kinds above. The API server also takes the beginning of a group: `deployments.ap` is a Deployment. */
const groups = [
  'apps',
  'extensions',
  'batch',
  'autoscaling',
  'policy',
  'networking.k8s.io',
  'rbac.authorization.k8s.io',
  'storage.k8s.io',
  'scheduling.k8s.io',
  'coordination.k8s.io',
  'discovery.k8s.io',
  'events.k8s.io',
  'certificates.k8s.io',
  'apiextensions.k8s.io',
  'apiregistration.k8s.io',
  'admissionregistration.k8s.io',
  'node.k8s.io',
  'apps.openshift.io',
  'project.openshift.io',
  'route.openshift.io',
  'build.openshift.io',
  'image.openshift.io',
];

/**
 * The canonical kind of one spelling: singular, plural, short name or Kind, in any case, with group and version or not
 * (`deploy`, `Deployment`, `deployments.v1.apps`). Never throws. A Deployment is one in whatever group.
 */
export function kindOf(spelling: string): string {
  const [head = '', ...rest] = spelling.toLowerCase().split('.');
  const group = (/^v\d+((alpha|beta)\d+)?$/.test(rest[0] ?? '') ? rest.slice(1) : rest).join('.');
  const kind = canonical.get(head);
  if (head === 'all' || head === '*') return '*';
  if (kind === 'deployment') return kind;
  if (group === '') return kind ?? head;
  return kind !== undefined && groups.some((known) => known.startsWith(group)) ? kind : `${head}.${group}`;
}

/** The kinds of a comma-separated list, each once. */
export const kindsOf = (list: string): string[] => [...new Set(list.split(',').map(kindOf))];

/** Kinds whose deletion takes every Deployment inside along. */
export const holdsDeployments = (kind: string): boolean => kind === 'namespace' || kind === 'project';

/**
 * What a path of the API server names: `/apis/apps/v1/namespaces/NS/deployments/NAME`, or the collection. `kind` is '*'
 * where the path is not of that form, or could be read as another one (dot segments, escapes of slashes). Never throws.
 */
export function apiPathOf(path: string): { readonly kind: string; readonly name: string | null } {
  const decoded = decode(path.replace(/[?#].*$/s, ''));
  const parts = decoded.split('/').slice(1);
  if (parts.at(-1) === '') parts.pop();
  if (/[%\\]/.test(decoded) || parts.some((part) => part === '' || part === '.' || part === '..')) return anyKind;
  const root = parts[0] === 'api' ? 2 : parts[0] === 'apis' ? 3 : null;
  if (root === null || !decoded.startsWith('/')) return anyKind;
  const resource = parts[root] === 'namespaces' && parts.length > root + 2 ? parts.slice(root + 2) : parts.slice(root);
  if (resource[0] === undefined) return anyKind;
  const group = root === 3 ? `.${parts[1]}` : '';
  return { kind: kindOf(`${resource[0]}${group}`), name: resource[1] ?? null };
}

const anyKind = { kind: '*', name: null };

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
