import { type KubeConfig, type KubernetesObject, KubernetesObjectApi, PatchStrategy } from '@kubernetes/client-node';
import { parseAllDocuments } from 'yaml';

/** Makes every object of a manifest what the manifest says, as an administrator would with `kubectl apply`. */
export async function applyManifest(admin: KubeConfig, manifest: string): Promise<void> {
  const objects = KubernetesObjectApi.makeApiClient(admin);
  for (const document of parseAllDocuments(manifest, { strict: true, uniqueKeys: true })) {
    const [fault] = document.errors ?? [];
    if (fault !== undefined) throw fault;
    const object = document.toJS() as KubernetesObject;
    await objects.patch(object, undefined, undefined, 'setup', true, PatchStrategy.ServerSideApply);
  }
}
