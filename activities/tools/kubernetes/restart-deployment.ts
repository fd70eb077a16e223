import { restartDeployment } from '../../../contracts/tools/kubernetes-writes.ts';
import type { WriteTool } from '../implement.ts';
import type { Access } from './access.ts';
import { ofDeployment, patchAsSeen, restartMark, rolledOut, strategyLine } from './deployment-patching.ts';
import { countsOf } from './entities.ts';
import { annotate } from './patch.ts';
import { patchTool } from './patch-tool.ts';

const templateAnnotations = '/spec/template/metadata/annotations';

/** As `kubectl rollout restart` does it, with the action's digest where that puts the time: a repeat changes nothing. */
export const restart = (access: Access): WriteTool =>
  patchTool(access, {
    ...ofDeployment,
    contract: restartDeployment,
    plan(current, aim) {
      if (current.spec?.paused === true) return { kind: 'refused', why: 'the deployment is paused' };
      const { metadata } = current.spec?.template ?? {};
      const map = metadata === undefined ? [{ op: 'add', path: '/spec/template/metadata', value: {} } as const] : [];
      const marked = annotate(templateAnnotations, metadata?.annotations, { [restartMark]: aim.mark.digest });
      return patchAsSeen(current, aim, [...map, ...marked]);
    },
    predict: (before) => ({
      does: `replace every pod of deployment ${before.metadata?.name} in namespace ${before.metadata?.namespace}`,
      changes: [`${countsOf(before).desired} pods are replaced by new ones of the same template`],
      blastRadius: ['the pods of this one deployment', strategyLine(before), 'what they hold in memory is gone'],
    }),
    holds: rolledOut,
  });
