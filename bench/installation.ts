import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeApprover, soleApprover, solePowers } from '../cli/local/approver.ts';
import type { GenesisDeps } from '../cli/local/genesis.ts';
import { resumeForTheFirstTime, waiveDryRun } from '../cli/local/genesis.ts';
import type { Installation } from '../cli/local/installation.ts';
import { startInstallation, startServer } from '../cli/local/installation.ts';
import { startPaymentsDatabase } from '../cli/local/payments-database.ts';
import type { RunbookFile } from '../cli/local/runbook-files.ts';
import { loadRunbookFiles } from '../cli/local/runbook-files.ts';
import type { PaymentsPlace } from '../servers/payments/database.ts';
import { projectRoot } from '../servers/project.ts';
import type { Setting } from './bench.ts';

const runbookName = 'postgres-blocked-by-idle-transaction';
const waiverMs = 4 * 3_600_000;
/** Writes in an hour that every limit lets through. */
const writesPerHour = 100;
/** The same of terminated sessions: the most that a runbook may ask its circuit breaker for. */
const destructivePerHour = 20;

export type BenchInstallation = Installation & {
  readonly place: PaymentsPlace;
  readonly approver: GenesisDeps['approver'];
};

/**
 * A whole installation of real parts, open for business: Temporal's development server, a Postgres with the payments
 * database, the six processes, one approver. Only the hourly limits differ from the ones that a user has.
 */
export async function startBenchInstallation({ home, cleanup, say, fail }: Setting): Promise<BenchInstallation> {
  const file = await readRunbook();
  const [runbook] = await loadRunbookFiles([file]);
  if (runbook === undefined) throw new TypeError('expected the runbook to load');
  const server = await startServer({ home, progress: say }, cleanup);
  const place = await startPaymentsDatabase({ dir: join(home, 'postgres'), persistent: false, progress: say }, cleanup);
  const approver = await makeApprover('bench-approver', join(home, 'keys', 'approver'));
  const archiveDir = join(home, 'archive');
  const options = {
    home,
    archiveDir,
    persistent: false,
    parts: {
      runbooks: [file],
      approvers: soleApprover(approver, [runbook.runbook]),
      powers: solePowers([runbook.runbook]),
      limits: {
        writesPerHourMax: writesPerHour,
        writesPerRunbookPerHourMax: writesPerHour,
        breakerDestructiveMax: writesPerHour,
      },
    },
    runbooksDir: null,
    role: runbook.runbook.identity.role,
    targets: [place.target],
    notify: [],
    model: { model: 'rules' },
    approver,
    progress: say,
    onExit: (name: string, { expected }: { expected: boolean }) => {
      if (!expected) fail(`${name} ended unasked`);
    },
  } as const;
  const installation = await startInstallation(server, options, cleanup);
  const { workspace, temporal } = installation;
  const reason = 'genesis of a benchmark, signed by a key that it made';
  const genesis = {
    temporal,
    recorderUrl: workspace.urls.recorder,
    archiveDir,
    keys: workspace.keys,
    approver,
    reason,
  };
  await resumeForTheFirstTime(genesis, [runbook.id]);
  await waiveDryRun(genesis, runbook, 2, new Date(Date.now() + waiverMs).toISOString());
  return { ...installation, place, approver };
}

/** The runbook that ships, with other hourly limits; as any change does, they make another runbook of it. */
async function readRunbook(): Promise<RunbookFile> {
  const file = `${runbookName}.yaml`;
  const text = await readFile(join(projectRoot(), 'runbooks', file), 'utf8');
  const limit = /writesPerHourMax: \d+/;
  if (!limit.test(text)) throw new TypeError('expected an hourly limit in the runbook');
  const changed = text.replace(limit, `writesPerHourMax: ${writesPerHour}`);
  return { file, text: `${changed}\ncircuit_breaker: { destructive: { count: ${destructivePerHour} } }\n` };
}
