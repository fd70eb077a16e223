import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { postAttestation } from '../activities/record/client.ts';
import { SignedAttestation } from '../contracts/attestation.ts';
import type { RunbookStatus } from '../contracts/runbook-status.ts';
import { missingLines, ringIs, ringLine, share } from '../gateway/shown/ring-words.ts';
import { digestOf } from '../policies/digest.ts';
import { firstIssue } from '../policies/signing.ts';
import { doorOf, requireClientConfig } from './client-config.ts';
import type { ChangeOptions } from './runbooks/change-standing.ts';
import { changeStanding } from './runbooks/change-standing.ts';
import { findRunbook } from './runbooks/find-runbook.ts';
import { expectRing } from './runbooks/parse-options.ts';
import type { Register } from './shell/command.ts';
import { run, subcommand } from './shell/command.ts';
import { Refusal, WrongUse } from './shell/refusal.ts';
import { withOutsideOptions } from './statements/outside-statement.ts';

type Options = ChangeOptions & { readonly ring: string; readonly attestation?: string };

/** `holdpoint runbook promote`: gives a runbook text the ring that it has earned, without an end. */
export const runbookPromote: Register = (parent, { io, status }) => {
  withOutsideOptions(
    subcommand(parent, 'promote', 'give a runbook the ring that it has earned', [
      'holdpoint runbook promote postgres-blocked-by-idle-transaction --ring 1 --attestation preflight.json',
    ]),
  )
    .argument('<runbook>', 'its id')
    .requiredOption('--ring <n>', '1 (low-risk writes, held) or 2 (high-risk writes, held)')
    .option(
      '--attestation <file>',
      'a signed preflight attestation, for the log; without it the one that the log holds',
    )
    .action(
      run({ io, status }, async (id: string, options: Options) => {
        const ring = expectRing(options.ring, [1, 2] as const);
        const config = requireClientConfig(io);
        const file =
          options.attestation === undefined ? null : await readAttestation(resolve(io.cwd, options.attestation));
        if (file !== null) await postAttestation(doorOf(config), file);
        const { rules, status: stands } = await findRunbook(config, id);
        const attestation = mustBeEarned(stands, ring);
        const runbook = { id: stands.runbook, digest: stands.digest };
        const hash = file === null ? attestation.hash : digestOf(file);
        const subject = { type: 'promote', runbook, ring, attestation: hash } as const;
        const effect = effectOf(stands, ring, attestation);
        return changeStanding(io, config, { subject, effect, done: 'promoted', runbook: id }, { rules, options });
      }),
    );
};

type Attested = NonNullable<RunbookStatus['attestation']>;

/** Refused before anybody signs in vain; the recorder counts again. Answers the attestation that it rests on. */
function mustBeEarned(status: RunbookStatus, ring: number): Attested {
  const { missing, attestation, runbook } = status;
  if (missing.length === 0 && attestation !== null) return attestation;
  const needsFile = missing.some(({ condition }) => condition === 'preflight');
  throw new Refusal(
    'NOT_EARNED',
    `promote to ring ${ring}: missing ${missingLines(status).join('; ')}`,
    `see \`holdpoint runbook status ${runbook}\`${needsFile ? '; bring the attestation with --attestation FILE' : ''}`,
  );
}

function effectOf({ standing, dryRun, grades }: RunbookStatus, ring: 1 | 2, { waived, notAfter }: Attested): string[] {
  return [
    `now ${ringLine(standing)}`,
    `then ${ringIs(ring)}, without an end, for exactly this text`,
    `rests on ${dryRun.days} days, ${grades.correct} of ${grades.graded} correct (lower bound ${share(grades.accuracyLowerBound)}), an attestation until ${notAfter}`,
    ...(waived.length === 0 ? [] : [`launch checks that were waived, not passed: ${waived.join(', ')}`]),
  ];
}

async function readAttestation(file: string): Promise<SignedAttestation> {
  const parsed = SignedAttestation.safeParse(await readJson(file));
  if (parsed.success) return parsed.data;
  throw new WrongUse(`${file}: ${firstIssue(parsed.error)}`, 'give a signed preflight attestation');
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    throw new WrongUse(`${file}: expected a file with one JSON attestation`, 'give a signed preflight attestation');
  }
}
