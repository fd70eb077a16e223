import type { V1ReplicaSet } from '@kubernetes/client-node';
import { z } from 'zod';
import { rollbackDeployment } from '../../../contracts/tools/kubernetes-writes.ts';
import type { JsonObject } from '../../../contracts/values.ts';
import type { Aim, WriteTool } from '../implement.ts';
import type { Access } from './access.ts';
import type { Cluster } from './cluster.ts';
import { ofDeployment, patchAsSeen, rolledOut, strategyLine } from './deployment-patching.ts';
import { countsOf } from './entities.ts';
import { imagesHash } from './facts.ts';
import { revisionsOf } from './family.ts';
import { statusOf } from './kube-failure.ts';
import { type Plan, patchTool } from './patch-tool.ts';
import { templateChanges } from './template-changes.ts';

/** The replica set as the API server sent it: a typed reading would lose what it does not know, and a rollback would too. */
const RawSet = z.looseObject({ spec: z.looseObject({ template: z.record(z.string(), z.unknown()) }) });
const hashLabel = 'pod-template-hash';

/** Gives a deployment the pod template that one of its earlier replica sets kept. */
export const rollback = (access: Access): WriteTool =>
  patchTool(access, {
    ...ofDeployment,
    contract: rollbackDeployment,
    async plan(current, aim, cluster): Promise<Plan> {
      if (current.spec?.paused === true) return { kind: 'refused', why: 'the deployment is paused' };
      const kept = await readSet(cluster, aim);
      if (kept === null) return { kind: 'moved', why: 'the revision is no longer kept' };
      const [revision] = [...revisionsOf(current, [kept.set]).earlier];
      if (revision === undefined || !isAsSeen(revision.set, revision.number, aim))
        return { kind: 'moved', why: 'the revision is no longer the one that was seen' };
      return patchAsSeen(current, aim, [{ op: 'replace', path: '/spec/template', value: kept.template }]);
    },
    predict: (before, after, { target }) => ({
      does: `roll deployment ${before.metadata?.name} in namespace ${before.metadata?.namespace} back to revision ${target.attributes.revision}`,
      changes: templateChanges(before.spec?.template, after.spec?.template),
      blastRadius: [`all ${countsOf(before).desired} pods of this one deployment`, strategyLine(before)],
    }),
    holds(current, aim) {
      const out = rolledOut(current, aim);
      if (!out.held || imagesHash(current.spec?.template.spec) === aim.preconditions.images) return out;
      return { held: false, detail: 'rolled out, but not to the images of the revision' };
    },
  });

type Kept = { readonly set: V1ReplicaSet; readonly template: JsonObject };

async function readSet({ apps }: Cluster, { target, preconditions }: Aim): Promise<Kept | null> {
  const at = { namespace: String(target.attributes.namespace), name: preconditions.replicaSet ?? '' };
  try {
    const { data, body } = await apps.readNamespacedReplicaSetWithHttpInfo(at);
    const { template } = RawSet.parse(JSON.parse(await body.text())).spec;
    return { set: data, template: withoutHash(template) };
  } catch (error) {
    if (statusOf(error) === 404) return null;
    throw error;
  }
}

/** The label is the replica set's own: the controller gives each its hash. */
function withoutHash(template: Record<string, unknown>): JsonObject {
  const metadata = template.metadata as { labels?: Record<string, unknown> } | undefined;
  const { [hashLabel]: _hash, ...labels } = metadata?.labels ?? {};
  return { ...template, metadata: { ...metadata, labels } } as JsonObject;
}

const isAsSeen = ({ metadata, spec }: V1ReplicaSet, number: number, { preconditions }: Aim): boolean =>
  metadata?.uid === preconditions.replicaSetUid &&
  String(number) === preconditions.revision &&
  imagesHash(spec?.template?.spec) === preconditions.images;
