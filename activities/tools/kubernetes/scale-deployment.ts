import { scaleDeployment } from '../../../contracts/tools/kubernetes-writes.ts';
import type { WriteTool } from '../implement.ts';
import type { Access } from './access.ts';
import { ofDeployment, patchAsSeen, rolledOut } from './deployment-patching.ts';
import { countsOf } from './entities.ts';
import { marks } from './facts.ts';
import { mustBe } from './patch.ts';
import { patchTool } from './patch-tool.ts';

const count = /^[1-9][0-9]{0,3}$/;

/** Sets the number of pods, and leaves the former one on the deployment, from where the way back is read. */
export const scale = (access: Access): WriteTool =>
  patchTool(access, {
    ...ofDeployment,
    contract: scaleDeployment,
    plan(current, aim) {
      const { from = '', to = '' } = aim.preconditions;
      // Whatever the runbook's range says: to nothing is no scale.
      if (!count.test(to) || !/^[0-9]{1,4}$/.test(from)) return { kind: 'refused', why: 'the action names no number' };
      if (String(countsOf(current).desired) !== from)
        return { kind: 'moved', why: 'it has another number of pods now' };
      const change = [
        mustBe('/spec/replicas', Number(from)),
        { op: 'replace', path: '/spec/replicas', value: Number(to) } as const,
      ];
      return patchAsSeen(current, aim, change, { [marks.formerReplicas]: from });
    },
    predict(before, after) {
      const [from, to] = [countsOf(before).desired, countsOf(after).desired];
      const { name, namespace } = before.metadata ?? {};
      const pods = Math.abs(to - from);
      return {
        does: `scale deployment ${name} in namespace ${namespace} from ${from} to ${to} pods`,
        changes: [`pods wanted: ${from} becomes ${to}`],
        blastRadius: [
          to > from ? `${pods} more pods, where nodes have room for them` : `${pods} pods end, chosen by the cluster`,
          'an autoscaler of this deployment may change the number again',
        ],
      };
    },
    holds(current, aim) {
      const { desired } = countsOf(current);
      const isTo = String(desired) === aim.preconditions.to;
      return isTo ? rolledOut(current, aim) : { held: false, detail: `the deployment wants ${desired} pods` };
    },
  });
