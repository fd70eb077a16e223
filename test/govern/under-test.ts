import { join } from 'node:path';
import { createGovernorActivities } from '../../activities/govern/governor-activities.ts';
import { createManifests } from '../../activities/identity/manifests.ts';
import type { Page } from '../../activities/notify/page.ts';
import { createRecorderClient } from '../../activities/record/client.ts';
import type { GovernorActivities } from '../../contracts/governor.ts';
import { keys, orchestrator, type Stage } from '../record/stage.ts';
import { notifierInto } from '../support/notifier.ts';

export type GovernorUnderTest = {
  readonly activities: GovernorActivities;
  /** Everything that it told, oldest first. */
  readonly pages: Page[];
  reload(): Promise<void>;
};
export type Bend = {
  readonly lookEveryMs?: number;
  /** Runs before each activity. */
  readonly before?: () => Promise<void>;
  readonly reachable?: () => boolean;
};

/** The real activities of a governor over the recorder of a stage: with the orchestrator's key, and no other. */
export async function governorOver(stage: Stage, bend: Bend = {}): Promise<GovernorUnderTest> {
  const pages: Page[] = [];
  const clock = stage.now;
  const manifests = createManifests({ dir: join(stage.dir, 'manifests'), keys, mode: 'development', clock });
  await manifests.reload();
  const { signer } = orchestrator;
  const { lookEveryMs = 600_000, before = async () => undefined, reachable } = bend;
  // A restarted recorder listens elsewhere.
  const client = () => createRecorderClient({ url: stage.recorder.url, signer, keys, clock });
  const real = createGovernorActivities({
    manifests,
    recorder: { governed: (id) => client().governed(id), append: (body) => client().append(body) },
    notifier: notifierInto(pages, reachable),
    clock,
    lookEveryMs,
  });
  return {
    pages,
    reload: () => manifests.reload(),
    activities: {
      lookAtRunbook: () => before().then(() => real.lookAtRunbook()),
      tellOfRunbook: (telling) => before().then(() => real.tellOfRunbook(telling)),
    },
  };
}
