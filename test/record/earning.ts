import { postAttestation } from '../../activities/record/client.ts';
import type { Appended } from '../../contracts/recorder-api.ts';
import type { Subject } from '../../contracts/statement.ts';
import { digestOf } from '../../policies/digest.ts';
import { attest } from '../policies/support/attestations.ts';
import { reversible } from '../policies/support/reversible.ts';
import { people, runbookData } from '../policies/support/rules.ts';
import { begin, type Held, post, rehearse, runbookRef, say, sayBoth } from './incident.ts';
import { dayMs, keys, openStage, type Stage, type World } from './stage.ts';

export { reversible };

const databases = { databases: ['payments'] };
const paused = { from: 'postgres.blockingTree', kind: 'backend', where: { database: { eq: 'payments' } } };
/** The runbook of the tests, easier to earn a ring with, and with a row that pauses the one client there is. */
export const earningRunbook = {
  ...runbookData,
  tools: [
    ...runbookData.tools,
    { tool: 'postgres.cancelBackend', scopes: databases, perIncidentMax: 1 },
    { tool: reversible.name, scopes: databases, perIncidentMax: 1 },
  ],
  limits: { writesPerIncidentMax: 1, writesPerHourMax: 100 },
  promotion: { gradedMin: 10, accuracyMin: 0.7 },
  playbook: [
    ...runbookData.playbook.slice(0, 1),
    {
      id: 'pause',
      when: { exactly: 1, entity: paused },
      do: { calls: [{ tool: reversible.name, target: 'entity', why: 'it is the one that blocks' }] },
    },
    ...runbookData.playbook.slice(1),
  ],
};

/** A stage whose manifest outlives a year of its clock. */
export const openYear = (
  world: World,
  runbook: object = earningRunbook,
  { limits = {}, clock = Date.now }: { readonly limits?: object; readonly clock?: () => number } = {},
): Promise<Stage> =>
  openStage({
    world,
    clock,
    manifest: { limits: { ...limits }, runbooks: [{ text: JSON.stringify(runbook) }], source: yearFrom(clock()) },
  });

/** When a manifest that is signed at `now` (ms) was issued, and until when it stands. */
export const yearFrom = (now: number) => ({
  issuedAt: new Date(now - dayMs).toISOString(),
  notAfter: new Date(now + 400 * dayMs).toISOString(),
});

/** One incident whose write is rehearsed. */
export const rehearseOne = async (stage: Stage, tool?: string, rules = stage.rules): Promise<Held> =>
  rehearse(stage, await begin(stage, rules), tool === undefined ? {} : { tool });

export const grade = (
  stage: Stage,
  held: Pick<Held, 'digest'>,
  correct = true,
  person: 'personA' | 'personB' = 'personA',
) => post(stage, say(stage, { type: 'grade', proposal: held.digest, correct }, { person }, people[person]));

/** So many incidents rehearsed, each graded by a person. */
export async function rehearseAndGrade(stage: Stage, count: number, correct = true, tool?: string): Promise<void> {
  for (let n = 0; n < count; n++) await grade(stage, await rehearseOne(stage, tool), correct);
}

/** Posts a preflight attestation of this moment, and answers its hash. */
export async function attested(stage: Stage, runbook = runbookRef(stage.rules)): Promise<string> {
  const attestation = attest(runbook, stage.now() - 1_000);
  await postAttestation({ url: stage.recorder.url, keys }, attestation);
  return digestOf(attestation);
}

export const promote = async (stage: Stage, ring: 1 | 2, attestation?: string): Promise<Appended> => {
  const runbook = runbookRef(stage.rules);
  const subject: Subject = { type: 'promote', runbook, ring, attestation: attestation ?? (await attested(stage)) };
  return post(stage, ...sayBoth(stage, subject));
};

export const grantSubject = (
  stage: Stage,
  change: Partial<Extract<Subject, { type: 'grant' }>> = {},
): Extract<Subject, { type: 'grant' }> => ({
  type: 'grant',
  runbook: runbookRef(stage.rules),
  tool: reversible.name,
  conditions: [],
  until: stage.at(7 * dayMs),
  count: 2,
  ...change,
});

/** The code of a refusal, and what it says is missing. */
export async function missing(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
    return 'none';
  } catch (error) {
    const { code, message, details } = error as { code?: string; message: string; details?: { missing?: string } };
    return code === 'NOT_EARNED' ? details?.missing : `${code}: ${message}`;
  }
}
