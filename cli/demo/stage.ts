import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PaymentsPlace } from '../../servers/payments/database.ts';
import type { PaymentsScene } from '../../servers/payments/scene.ts';
import { projectRoot } from '../../servers/project.ts';
import type { ProcessEnd } from '../../servers/supervisor.ts';
import type { ProcessName } from '../../servers/workspace.ts';
import type { Approver } from '../local/approver.ts';
import { makeApprover, soleApprover, solePowers } from '../local/approver.ts';
import type { Cleanup } from '../local/cleanup.ts';
import type { GenesisDeps } from '../local/genesis.ts';
import { resumeForTheFirstTime, waiveDryRun } from '../local/genesis.ts';
import type { Installation } from '../local/installation.ts';
import { startInstallation, startServer } from '../local/installation.ts';
import { startPaymentsDatabase } from '../local/payments-database.ts';
import type { RunbookFile } from '../local/runbook-files.ts';
import { loadRunbookFiles } from '../local/runbook-files.ts';
import type { Emit } from './events.ts';

export const demoRunbook = 'postgres-blocked-by-idle-transaction';
const demoPerson = 'demo-approver';
const waiverMs = 3_600_000;

export type Stage = {
  readonly home: string;
  readonly archiveDir: string;
  readonly installation: Installation;
  readonly place: PaymentsPlace;
  readonly approver: Approver;
  readonly runbook: { readonly id: string; readonly digest: string };
};
export type StageOptions = {
  readonly home: string;
  readonly archiveDir: string;
  readonly emit: Emit;
  readonly cleanup: Cleanup;
  readonly onExit: (name: ProcessName, end: ProcessEnd) => void;
};

/** Starts everything that the demo needs, as real as it gets on one machine; what is started is in `cleanup` at once. */
export async function setStage({ home, archiveDir, emit, cleanup, onExit }: StageOptions): Promise<Stage> {
  const progress = (what: string): void => emit({ event: 'preparing', what });
  const file = await readDemoRunbook();
  const [runbook] = await loadRunbookFiles([file]);
  if (runbook === undefined) throw new TypeError('expected the demo runbook to load');
  // Both take their time by themselves: the server may have to be built, the database has to be made.
  const [server, place] = await allOrNothing([
    startServer({ home, progress }, cleanup),
    startPaymentsDatabase({ dir: join(home, 'postgres'), progress, persistent: false }, cleanup),
  ]);
  const approver = await makeApprover(demoPerson, join(home, 'keys', 'demo-approver'));
  const installation = await startInstallation(
    server,
    {
      home,
      archiveDir,
      persistent: false,
      parts: {
        runbooks: [file],
        approvers: soleApprover(approver, [runbook.runbook]),
        powers: solePowers([runbook.runbook]),
      },
      runbooksDir: null,
      role: runbook.runbook.identity.role,
      targets: [place.target],
      notify: [],
      model: { model: 'demo' },
      approver,
      progress,
      onExit,
    },
    cleanup,
  );
  return { home, archiveDir, installation, place, approver, runbook };
}

/** Waits for both even when one fails: what the other starts meanwhile has to reach the cleanup. */
async function allOrNothing<A, B>([first, second]: [Promise<A>, Promise<B>]): Promise<[A, B]> {
  await Promise.allSettled([first, second]);
  return [await first, await second];
}

async function readDemoRunbook(): Promise<RunbookFile> {
  const file = `${demoRunbook}.yaml`;
  return { file, text: await readFile(join(projectRoot(), 'runbooks', file), 'utf8') };
}

/** The signed statements that a first day needs: each scope resumed, and the runbook's dry run waived for an hour. */
export async function openForBusiness(stage: Stage, emit: Emit): Promise<void> {
  const { installation, approver, runbook, archiveDir } = stage;
  const { workspace, temporal } = installation;
  const deps: GenesisDeps = {
    temporal,
    recorderUrl: workspace.urls.recorder,
    archiveDir,
    keys: workspace.keys,
    approver,
    reason: 'genesis of a demo, signed by a key that the demo made',
  };
  for (const { scope, record } of await resumeForTheFirstTime(deps, [runbook.id]))
    emit({ event: 'resumed', scope, person: approver.person, record });
  const until = new Date(Date.now() + waiverMs).toISOString();
  const record = await waiveDryRun(deps, runbook, 2, until);
  emit({ event: 'waived', runbook: runbook.id, ring: 2, until, person: approver.person, record });
}

export const waitingOf = (scene: PaymentsScene): number => scene.clients().filter(({ waiting }) => waiting).length;
