import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { governorId } from '../../contracts/queues.ts';
import type { RecordBody, SignedRecord } from '../../contracts/record.ts';
import { foldStanding } from '../../policies/standing.ts';
import { ensureGovernor } from '../../workers/orchestrator/governors.ts';
import { runbookId } from '../policies/support/rules.ts';
import {
  attested,
  earningRunbook,
  grantSubject,
  missing,
  openYear,
  promote,
  rehearseAndGrade,
  rehearseOne,
  reversible,
  yearFrom,
} from '../record/earning.ts';
import { begin, decide, hold, outcomeOf, post, ready, requestOf, runbookRef, sayBoth } from '../record/incident.ts';
import { dayMs, executor, openWorld, type Stage, type World } from '../record/stage.ts';
import { describeWith } from '../support/skips.ts';
import { openYears, type Years } from './life-stage.ts';
import { type GovernorUnderTest, governorOver } from './under-test.ts';

const hourMs = 3_600_000;

describeWith(['temporal', 'timeSkipping'], 'the life of a runbook', () => {
  let years: Years;
  /** Of the fences: a task that nobody ever polls, as theirs is, would keep time from skipping. */
  let world: World;
  let stage: Stage;
  let governor: GovernorUnderTest;
  beforeAll(async () => {
    [years, world] = await Promise.all([openYears(), openWorld()]);
  }, 120_000);
  afterAll(async () => {
    await years?.close();
    await world?.close();
  });
  beforeEach(async () => {
    await years.sync();
    stage = await openYear(world, earningRunbook, { clock: years.clock });
    governor = await governorOver(stage, { lookEveryMs: 10 * hourMs });
    years.play(governor.activities);
    await ensureGovernor(years.client, runbookId);
  });
  afterEach(async () => {
    await years.client.workflow.getHandle(governorId(runbookId)).terminate();
    await stage.close();
  });

  const standing = async (runbook = runbookRef(stage.rules)) =>
    (await stage.as(executor).standing(runbook)).payload.standing;
  const days = (count: number) => years.pass(count * dayMs);
  const told = (about: string) => governor.pages.filter((page) => page.about === about);
  /** One write with all that it needs, and how it ended. */
  const write = async (held: boolean): Promise<void> => {
    const one = await hold(stage, await begin(stage));
    await stage.as(executor).receipt(requestOf(one, [decide(stage, one)]));
    await stage.as(executor).outcome(outcomeOf(stage, one, { postcondition: { held, detail: 'seen' } }));
  };

  it('rehearses on day 0, is refused on day 13, and is promoted on day 14, of which people are told that day', async () => {
    await rehearseAndGrade(stage, 10);
    const begun = stage.now();
    expect(await standing()).toMatchObject({ ring: 0, rule: 'standing.read-only' });
    await days(13);
    expect(await missing(promote(stage, 1))).toBe('dry_run_days');
    expect(governor.pages).toEqual([]);
    await attested(stage);
    await days(1.1);
    expect(told('promotion-ready')).toHaveLength(1);
    const toldAt = Date.parse(told('promotion-ready')[0]?.at ?? '');
    expect(toldAt).toBeGreaterThanOrEqual(begun + 14 * dayMs - 60_000);
    expect(toldAt).toBeLessThan(begun + 14 * dayMs + hourMs);
    await promote(stage, 1);
    expect(await standing()).toMatchObject({ ring: 1, rule: 'standing.promoted' });
    await days(1);
    expect(told('matter-over')).toHaveLength(1);
  }, 120_000);

  it('is told of on day 14 with what is still missing, and while its proposals wait to be graded', async () => {
    for (let n = 0; n < 3; n++) await rehearseOne(stage);
    await days(15);
    expect(told('dry-run-over')).toHaveLength(1);
    expect(told('dry-run-over')[0]?.detail).toMatch(/graded_proposals: expected 10, got 0.*preflight/);
    expect(told('grades-wait')).toHaveLength(2);
    expect(await missing(promote(stage, 1))).toBe('graded_proposals, accuracy');
  }, 120_000);

  it('is not promoted on day 14 by grades that were wrong', async () => {
    await rehearseAndGrade(stage, 8);
    await rehearseAndGrade(stage, 4, false);
    await days(14.1);
    expect(await missing(promote(stage, 1))).toBe('accuracy');
    expect((await standing()).ring).toBe(0);
  }, 120_000);

  it('starts again with an edit, whatever its text had earned before', async () => {
    await rehearseAndGrade(stage, 10);
    await days(14.1);
    await promote(stage, 2);
    const text = JSON.stringify({ ...earningRunbook, title: 'an edit' });
    const edited = await stage.publish({ runbooks: [{ text }], source: yearFrom(stage.now()) });
    await governor.reload();
    expect(await standing(runbookRef(edited))).toMatchObject({ ring: 0, dryRunSince: null });
    await rehearseOne(stage, undefined, edited);
    await days(13);
    const runbook = runbookRef(edited);
    const subject = { type: 'promote', runbook, ring: 1, attestation: await attested(stage, runbook) } as const;
    const refusal = await missing(post(stage, ...sayBoth(stage, subject)));
    expect(refusal).toBe('dry_run_days, graded_proposals, accuracy');
    expect((await standing(runbook)).ring).toBe(0);
  }, 120_000);

  it('is demoted at once by a failed postcondition, and its dry run begins again', async () => {
    await rehearseAndGrade(stage, 10);
    await days(14.1);
    await promote(stage, 2);
    await ready(stage);
    await write(true);
    expect((await standing()).ring).toBe(2);
    await write(false);
    expect(await standing()).toMatchObject({ ring: 0, rule: 'standing.demoted-postcondition', dryRunSince: null });
    await days(14.1);
    expect(await missing(promote(stage, 1))).toBe('dry_run_days, graded_proposals, accuracy');
  }, 120_000);

  /** Ninety days, of which the governor keeps time, and a grant of two releases for a week. */
  const granted = async () => {
    await rehearseAndGrade(stage, 10, true, reversible.name);
    await days(89);
    await promote(stage, 1);
    expect(await missing(post(stage, ...sayBoth(stage, grantSubject(stage))))).toBe('dry_run_days');
    await days(1.1);
    const { hash } = await post(stage, ...sayBoth(stage, grantSubject(stage)));
    return hash;
  };
  const records = async (): Promise<SignedRecord[]> => {
    const all: SignedRecord[] = [];
    for (let page = [...(await stage.as(executor).records({}))]; page.length > 0; ) {
      all.push(...page);
      page = await stage.as(executor).records({ from: all.length });
    }
    return all;
  };
  /** The record of one release by a grant, as it would stand next in the log. */
  const used = async (grant: string, seq: number): Promise<SignedRecord> => {
    const one = await hold(stage, await begin(stage), { tool: reversible.name });
    const { workflowId, runId } = one.incident;
    const times = { issuedAt: stage.at(), startBefore: stage.at(2_000) };
    const request = requestOf(one, [], { grant });
    const fences = { all: runId, runbook: runId };
    const by = { attempt: 1, executor: executor.signer.as, digest: one.digest, request, fences, ...times };
    const body: RecordBody = { kind: 'intent', workflowId, runId, ...by };
    const payload = { v: 1 as const, seq, prev: '0'.repeat(64), at: stage.at(), by: 'recorder' as const, body };
    return { payload, signer: 'recorder', signature: 'x'.repeat(86) };
  };

  it('earns by 90 days a grant for one low-risk reversible tool, which ends after its count', async () => {
    const grant = await granted();
    expect((await standing()).grants).toMatchObject([{ record: grant, tool: reversible.name, count: 2, used: 0 }]);
    const log = await records();
    const uses = [await used(grant, 10_001), await used(grant, 10_002)];
    const left = (count: number) =>
      foldStanding([...log, ...uses.slice(0, count)], runbookRef(stage.rules), stage.now()).grants;
    expect(left(1)).toMatchObject([{ used: 1 }]);
    expect(left(2)).toEqual([]);
  }, 240_000);

  it('loses its grant at the end of it, of which people are told a day before', async () => {
    await granted();
    await days(6.1);
    expect((await standing()).grants).toHaveLength(1);
    const ends = told('standing-ends').map(({ detail }) => detail);
    expect(ends).toEqual([expect.stringContaining(reversible.name)]);
    await days(1);
    expect((await standing()).grants).toEqual([]);
    expect((await standing()).ring).toBe(1);
  }, 240_000);
});
