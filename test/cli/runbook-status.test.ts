import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { requireClientConfig, writeClientConfig } from '../../cli/client-config.ts';
import { RunbookStatuses } from '../../contracts/runbook-status.ts';
import { attested, rehearseAndGrade, rehearseOne, reversible } from '../record/earning.ts';
import { begin, runbookRef } from '../record/incident.ts';
import { dayMs, executor, openWorld, orchestrator, type World } from '../record/stage.ts';
import { describeWith } from '../support/skips.ts';
import { denyOne, endOf, gatherTeam, nervousRunbook, type PlatformTeam } from './platform-team.ts';

const id = 'postgres-blocked';

describeWith('temporal', 'holdpoint runbook status', () => {
  let world: World;
  let team: PlatformTeam;
  const show = async () => (await team.as('personD')('status', id)).out;
  const gather = async (change: Parameters<typeof gatherTeam>[1]) => {
    await team.close();
    team = await gatherTeam(world, change);
  };

  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    team = await gatherTeam(world);
  });
  afterEach(() => team.close());

  it('is one stable JSON object for each runbook, whoever asks', async () => {
    const all = RunbookStatuses.parse(JSON.parse((await team.as('personD')('status', '--json')).out));
    expect(all).toMatchObject([
      {
        runbook: id,
        digest: runbookRef(team.stage.rules).digest,
        standing: { ring: 0, rule: 'standing.read-only', trip: null, grants: [] },
        dryRun: { since: null, days: 0, daysMin: 14 },
        grades: { correct: 0, graded: 0, accuracyLowerBound: 0, gradedMin: 10, accuracyMin: 0.7 },
        attestation: null,
        ungraded: { total: 0, oldest: [] },
      },
    ]);
    const one = JSON.parse((await team.as('personD')('status', id, '--json')).out) as typeof all;
    expect(one).toMatchObject([{ ...all[0], at: expect.any(String), seq: expect.any(Number) }]);
  });
  it('is a line for each runbook without a name', async () => {
    const { out } = await team.as('personD')('status');
    expect(out.split('\n')).toHaveLength(2);
    expect(out).toMatch(/^RUNBOOK +RING +UNTIL +WHY +DRY RUN +CORRECT +BREAKER +TO GRADE +MISSING/);
    expect(out).toMatch(/postgres-blocked +0 +- +standing\.read-only +- +0 of 0 +closed +0 +dry_run_days, graded_/);
  });
  it('says in words what is missing, and gives the exact command for each proposal that waits', async () => {
    await gather({ daysAgo: 5 });
    await rehearseAndGrade(team.stage, 2);
    const { digest, incident } = await rehearseOne(team.stage);
    team.stage.pass(5 * dayMs);
    const shown = await show();
    expect(shown).toMatch(/dry run +day 5 of 14, since 20/);
    expect(shown).toContain('2 of 2 correct, lower bound 0.342; a promotion needs 0.7 over 10 or more');
    expect(shown).toMatch(/to ring 1 +9 more days of dry run \(day 5 of 14\)\n +8 more graded proposals \(2 of 10\)/);
    expect(shown).toContain('a preflight attestation of this text: the log holds none');
    expect(shown).toMatch(/to grade +1, oldest first\n +postgres\.terminateBackend rehearsed 5d ago/);
    expect(shown).toContain(incident.workflowId);
    expect(shown).toContain(`npx holdpoint runbook grade ${digest} correct --reason "…"`);
    expect(shown).toContain(`HOLDPOINT_HOME=${join(team.dir, 'personD')} `);
  });
  it('gives the promotion as a command once nothing is missing', async () => {
    await gather({ daysAgo: 14 });
    await rehearseAndGrade(team.stage, 10);
    team.stage.pass(14 * dayMs);
    expect(await show()).toContain(`runbook promote ${id} --ring 1 --attestation FILE`);
    const hash = await attested(team.stage);
    const shown = await show();
    expect(shown).toContain('nothing: persons can sign the promotion');
    expect(shown).toMatch(new RegExp(`\\$ .*runbook promote ${id} --ring 1$`, 'm'));
    expect(shown).toMatch(new RegExp(`preflight +attested until 20.*\\(${hash}\\)`));
  });
  it('says how far each low-risk tool is from a grant, and why some can have none', async () => {
    await gather({ daysAgo: 40 });
    await rehearseAndGrade(team.stage, 4, true, reversible.name);
    team.stage.pass(40 * dayMs);
    const { towardsGrants } = await team.status();
    const progress = { tool: reversible.name, inverse: 'postgres.resumeClient', keptBy: null, grant: null };
    expect(towardsGrants).toMatchObject([
      { tool: 'postgres.cancelBackend', inverse: null, days: 0, graded: 0 },
      { ...progress, days: 40, daysMin: 90, graded: 4, correct: 4, gradedMin: 10, accuracyMin: 0.7 },
    ]);
    const missing = towardsGrants[1]?.missing.map(({ condition }) => condition);
    expect(missing).toEqual(['ring', 'dry_run_days', 'graded_proposals', 'accuracy']);
    const shown = await show();
    expect(shown).toMatch(/to a grant +postgres\.cancelBackend: never, as no call undoes it\n/);
    expect(shown).toContain('day 40 of 90, 4 of 4 correct, lower bound 0.510 of 0.7, undone by postgres.resumeClient');
    expect(shown).toContain('lacks 50 more days with graded recommendations of this tool');
  });
  it('gives the grant as a command once nothing is missing', async () => {
    await gather({ daysAgo: 90 });
    await rehearseAndGrade(team.stage, 10, true, reversible.name);
    team.stage.pass(90 * dayMs);
    await team.as('personA')('waive', id, '--ring', '1', '--hours', '8', '--yes');
    expect((await team.status()).towardsGrants[1]?.missing).toEqual([]);
    expect(await show()).toMatch(/\$ .*runbook grant postgres-blocked postgres\.pauseClient --until 7d --count 5/);
  });
  it('shows an attestation that has expired as one', async () => {
    await gather({ daysAgo: 40 });
    await attested(team.stage);
    team.stage.pass(40 * dayMs);
    expect(await show()).toMatch(/preflight +it expired at 20/);
    expect((await team.status()).missing.map(({ condition }) => condition)).toContain('preflight');
  });
  it('shows the waiver that it stands by with its end, and how to take it back', async () => {
    await team.as('personA')('waive', id, '--ring', '2', '--hours', '8', '--yes');
    const shown = await show();
    expect(shown).toMatch(/stands in +ring 2: every write waits for a release/);
    expect(shown).toMatch(/because +persons waived the dry run \(standing\.waived\), until 20.* \(7 h 59 min left\)/);
    expect(shown).toMatch(/given +ring 2 by a waiver, until 20.*\n +\$ .*npx holdpoint runbook revoke [0-9a-f]{64}$/m);
    expect(shown).toContain('to ring 1');
  });
  it('shows an open breaker with its counts, its trip and the command that closes it', async () => {
    await gather({ runbook: nervousRunbook });
    expect(await show()).toMatch(
      /breaker +closed: 0 of 5 destructive, 0 of 3 in a row .*, 0 of 0 unexpected in 0 ends/,
    );
    await denyOne(team.stage, 'scope.outside');
    const { standing } = await team.status();
    const shown = await show();
    expect(shown).toMatch(/stands in +ring 0/);
    expect(shown).toMatch(/breaker +OPEN: unexpected ends 1 of 0 allowed, at 20/);
    expect(shown).toContain(`trip ${standing.trip?.record}`);
    expect(shown).toContain(`npx holdpoint runbook trip-reset ${id} --reason "…"`);
    expect(shown).toMatch(/over all +closed/);
  });
  it('shows at most twenty proposals, and says how many more wait', async () => {
    for (let n = 0; n < 22; n++) await rehearseOne(team.stage);
    const shown = await show();
    expect(shown.match(/runbook grade /g)).toHaveLength(20);
    expect(shown).toContain('2 more, shown as these are graded');
  });
  it.each(['no-such', '../head', 'x'.repeat(64), ''])('knows no runbook `%s`', async (name) => {
    const ran = await team.as('personD')('status', name, '--json');
    expect(endOf(ran)).toBe('1 NOT_FOUND');
    expect(ran.err).toContain('holdpoint runbook status');
  });
  it('believes no recorder but its own, and says so when none answers', async () => {
    const config = requireClientConfig({ env: { HOLDPOINT_HOME: join(team.dir, 'personD') }, cwd: '/' });
    const show = () => team.as('personD')('status', '--json');
    const keys = { ...config.keys, recorder: config.keys.orchestrator ?? [] };
    await writeClientConfig(join(team.dir, 'personD'), { ...config, keys });
    expect(endOf(await show())).toBe('1 RECORDER_AWAY');
    await writeClientConfig(join(team.dir, 'personD'), { ...config, recorderUrl: 'http://127.0.0.1:1' });
    expect(endOf(await show())).toBe('1 RECORDER_AWAY');
    writeFileSync(join(team.dir, 'personD', 'holdpoint.json'), '{}');
    expect(endOf(await show())).toBe('1 BAD_INPUT');
  });
  it('opens no record to strangers that is no change of standing', async () => {
    const { workflowId } = await begin(team.stage);
    const [alert] = await team.stage.as(executor).records({ workflow: workflowId, limit: 1 });
    expect(alert?.payload.body.kind).toBe('alert');
    const { hash } = await team.stage.as(orchestrator).head();
    expect(endOf(await team.as('personA')('revoke', hash, '--yes', '--json'))).toBe('1 NOT_FOUND');
  });
});
