import { scalePlan } from '../../../contracts/tools/kubernetes-reads.ts';
import { bounded } from '../bounded.ts';
import type { ReadTool } from '../implement.ts';
import type { Access } from './access.ts';
import { withCluster } from './cluster.ts';
import { countsOf, scaleEntity } from './entities.ts';
import { annotationOf, marks } from './facts.ts';
import { named } from './rollout.ts';

/** A change of number as something that can be aimed at: to what is asked for, and back to what there was before. */
export const readScalePlan = (access: Access): ReadTool => ({
  kind: 'read',
  contract: scalePlan,
  read: (args, { signal, credential }) =>
    withCluster(access, 'read', { signal, credential, doing: 'scale plan' }, async ({ apps }) => {
      const { namespace, deployment: name } = named(args);
      const deployment = await apps.readNamespacedDeployment({ namespace, name });
      const { desired: from } = countsOf(deployment);
      const to = Number(args.replicas);
      const former = formerOf(annotationOf(deployment.metadata, marks.formerReplicas));
      const plans = [
        ...(to === from ? [] : [scaleEntity(deployment, to, 'asked')]),
        ...(former === null || former === from || former === to ? [] : [scaleEntity(deployment, former, 'former')]),
      ];
      return {
        data: { deployment: bounded(deployment.metadata?.name ?? '', 253), from, to, former, truncated: false },
        entities: plans,
      };
    }),
});

/** Whoever may write the deployment may have written this: it is a number, and the runbook's range still decides. */
function formerOf(text: string | null): number | null {
  return text !== null && /^[1-9][0-9]{0,3}$/.test(text) && Number(text) <= 1_000 ? Number(text) : null;
}
