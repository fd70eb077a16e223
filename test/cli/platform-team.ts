import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeClientConfig } from '../../cli/client-config.ts';
import { makeApprover } from '../../cli/local/approver.ts';
import type { RunbookStatus } from '../../contracts/runbook-status.ts';
import { attest } from '../policies/support/attestations.ts';
import { directory } from '../policies/support/rules.ts';
import { earningRunbook } from '../record/earning.ts';
import { begin, runbookRef } from '../record/incident.ts';
import { dayMs, keys, openStage, orchestrator, type Stage, type World } from '../record/stage.ts';
import { holdpoint, type Ran } from './under-test.ts';

export type Member = 'personA' | 'personB' | 'personC' | 'personD';
/** People with keys and a home each, at a recorder whose past is as long as a test wants it. */
export type PlatformTeam = {
  readonly stage: Stage;
  readonly dir: string;
  as(person: Member): (...argv: string[]) => Promise<Ran>;
  /** One person at a terminal, who answers this. */
  asked(person: Member, answers: boolean, ...argv: string[]): Promise<Ran>;
  status(): Promise<RunbookStatus>;
  /** A signed attestation of this moment in a file. */
  attestation(name: string, issuedAt?: number, signer?: Parameters<typeof attest>[3]): string;
  /** Leaves the people with an older manifest than the recorder's. */
  keepOldManifest(): void;
  close(): Promise<void>;
};

/** One denied proposal opens the breaker of a runbook, a second one that over all. */
export const nervousRunbook = {
  ...earningRunbook,
  circuit_breaker: { errorBudget: { eventsMin: 5, objective: 0.9 } },
};

export async function gatherTeam(
  world: World,
  { daysAgo = 0, runbook = earningRunbook as object, limits = {}, powers = {} } = {},
): Promise<PlatformTeam> {
  const dir = mkdtempSync(join(tmpdir(), 'holdpoint-team-'));
  const people = await Promise.all(
    directory.map(async (entry) => {
      const { keyFile, publicLine } = await makeApprover(entry.person, join(dir, `id-${entry.person}`));
      return { ...entry, keyFile, ssh: [...entry.ssh, publicLine] };
    }),
  );
  const stage = await openStage({
    world,
    clock: () => Date.now() - daysAgo * dayMs,
    manifest: {
      runbooks: [{ text: JSON.stringify(runbook) }],
      limits,
      powers,
      people: people.map(({ person, groups, ssh }) => ({ person, groups, ssh })),
      source: yearsAround(daysAgo),
    },
  });
  for (const { person, keyFile } of people) await makeHome(stage, dir, person, keyFile);
  return teamAt(stage, dir);
}

/** A manifest that is valid from before the stage's past until long after now. */
const yearsAround = (daysAgo: number) => ({
  issuedAt: new Date(Date.now() - (daysAgo + 1) * dayMs).toISOString(),
  notAfter: new Date(Date.now() + 400 * dayMs).toISOString(),
});

async function makeHome(stage: Stage, dir: string, person: string, sshKey: string): Promise<void> {
  mkdirSync(join(dir, person));
  await writeClientConfig(join(dir, person), {
    v: 1,
    temporal: { address: '127.0.0.1:1', namespace: stage.world.namespace },
    temporalUi: null,
    recorderUrl: stage.recorder.url,
    gatewayUrl: 'http://127.0.0.1:1',
    keys,
    manifestDir: join(stage.dir, 'manifests'),
    archiveDir: null,
    runbooksDir: null,
    alertTokenFile: null,
    sshKey,
    person,
  });
}

function teamAt(stage: Stage, dir: string): PlatformTeam {
  const given = (person: Member) => ({ cwd: dir, env: { HOLDPOINT_HOME: join(dir, person) } });
  return {
    stage,
    dir,
    as:
      (person) =>
      (...argv) =>
        holdpoint(['runbook', ...argv], given(person)),
    asked: (person, answers, ...argv) => holdpoint(['runbook', ...argv], { ...given(person), answers }),
    async status() {
      const ran = await holdpoint(['runbook', 'status', '--json'], given('personD'));
      return (JSON.parse(ran.out) as RunbookStatus[])[0] as RunbookStatus;
    },
    attestation(name, issuedAt = stage.now() - 1_000, signer) {
      const file = join(dir, name);
      writeFileSync(file, JSON.stringify(attest(runbookRef(stage.rules), issuedAt, {}, signer)));
      return file;
    },
    keepOldManifest() {
      const names = readdirSync(join(stage.dir, 'manifests')).sort();
      rmSync(join(stage.dir, 'manifests', names.at(-1) ?? ''));
    },
    async close() {
      await stage.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** A proposal that the gate denied: an unexpected end for the breakers. */
export async function denyOne(stage: Stage, rule: string): Promise<void> {
  const { workflowId, runId } = await begin(stage);
  await stage.as(orchestrator).append({
    kind: 'verdict',
    workflowId,
    runId,
    step: { step: 1, index: 0 },
    tool: 'postgres.query',
    verdict: { kind: 'deny', rule, reason: '', change: '' },
    digest: null,
    rehearsal: null,
  });
}

/** Exit status and code of a command that was asked for JSON, or the words `done` for one that did its work. */
export const endOf = ({ status, out }: Ran): string => {
  const { error } = JSON.parse(out.split('\n').at(-1) ?? '{}') as { error?: { code: string } };
  return `${status} ${error?.code ?? 'done'}`;
};
