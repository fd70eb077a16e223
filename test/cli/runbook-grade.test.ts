import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { earningRunbook, grantSubject, rehearseAndGrade, rehearseOne, reversible } from '../record/earning.ts';
import { begin, hold } from '../record/incident.ts';
import { dayMs, openWorld, type World } from '../record/stage.ts';
import { describeWith } from '../support/skips.ts';
import { denyOne, endOf, gatherTeam, nervousRunbook, type PlatformTeam } from './platform-team.ts';

const id = 'postgres-blocked';

describeWith('temporal', 'holdpoint runbook grade, grant and trip-reset', () => {
  let world: World;
  let team: PlatformTeam;
  const grade = (digest: string, ...more: string[]) =>
    team.as('personA')('grade', digest, 'correct', '--reason', 'it was the blocker', '--yes', '--json', ...more);
  const gather = async (change: Parameters<typeof gatherTeam>[1]) => {
    await team.close();
    team = await gatherTeam(world, change);
  };
  const alone = (groups: string[]) => ({ groups, quorum: 1, proofs: ['ssh'] });

  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    team = await gatherTeam(world);
  });
  afterEach(() => team.close());

  it('shows the whole card and its predicted effect, and counts the grade', async () => {
    const { digest } = await rehearseOne(team.stage);
    const ran = await grade(digest);
    expect(ran.err).toMatch(/rehearsed at 20.*; a grade releases nothing/);
    expect(ran.err).toMatch(/does +ends one session\n +to +backend 4711/);
    expect(ran.err).toContain('counts as correct, unless somebody calls it wrong');
    expect(JSON.parse(ran.out)).toMatchObject({ ok: true, type: 'grade', proposal: digest, correct: true });
    expect(await team.status()).toMatchObject({ grades: { correct: 1, graded: 1 }, ungraded: { total: 0 } });
  });
  it('lets another person call it wrong, which outweighs, and shows who said what before', async () => {
    const { digest } = await hold(team.stage, await begin(team.stage));
    await grade(digest);
    const ran = await team.as('personB')('grade', digest, 'wrong', '--reason', 'a backup', '--yes');
    expect(ran.status).toBe(0);
    expect(ran.err).toContain('personA called it correct');
    expect(ran.out).toMatch(/^graded wrong: record \d+, [0-9a-f]{64}\npostgres-blocked: 0 of 1 correct, /);
    expect(await team.status()).toMatchObject({ grades: { correct: 0, graded: 1 } });
  });
  it('takes one grade of each person', async () => {
    const { digest } = await rehearseOne(team.stage);
    await grade(digest);
    const ran = await grade(digest);
    expect(endOf(ran)).toBe('1 STATEMENT_REPLAYED');
    expect(ran.err).toContain('another person signs');
  });
  it('takes none of an unknown proposal, by a person without the power, or with another key', async () => {
    const { digest } = await rehearseOne(team.stage);
    expect(endOf(await grade('a'.repeat(64)))).toBe('1 NOT_FOUND');
    const powerless = await team.as('personD')('grade', digest, 'correct', '--reason', 'r', '--yes', '--json');
    expect(endOf(powerless)).toBe('1 STATEMENT_NOT_POWERED');
    expect(endOf(await grade(digest, '--key', join(team.dir, 'id-personB')))).toBe('1 STATEMENT_BAD_PROOF');
    expect(endOf(await grade(digest, '--person', 'nobody'))).toBe('1 STATEMENT_UNKNOWN_PERSON');
    expect((await team.status()).grades.graded).toBe(0);
  });
  it('signs nothing that it cannot show: without the manifest of the proposal there is no card', async () => {
    const { digest } = await rehearseOne(team.stage);
    rmSync(join(team.stage.dir, 'manifests', 'manifest-1.json'));
    expect(endOf(await grade(digest))).toBe('1 NOT_FOUND');
  });
  it('says that a grade of an earlier text counts nowhere', async () => {
    const { digest } = await rehearseOne(team.stage);
    await team.stage.publish({ runbooks: [{ text: JSON.stringify({ ...earningRunbook, title: 'an edit' }) }] });
    const ran = await team.asked('personA', false, 'grade', digest, 'correct', '--reason', 'r', '--json');
    expect(endOf(ran)).toBe('1 RELEASE_MISSING');
    expect(ran.err).toContain('none on the accuracy: it is of an earlier text');
  });

  const grant = (...more: string[]) =>
    team.as('personA')('grant', id, reversible.name, '--until', '7d', '--count', '3', '--yes', '--json', ...more);
  const earnGrant = async (days: number) => {
    await gather({ daysAgo: days, powers: { grant: alone(['leads']) } });
    await rehearseAndGrade(team.stage, 10, true, reversible.name);
    team.stage.pass(days * dayMs);
    await team.as('personA')('waive', id, '--ring', '1', '--yes');
  };
  it('grants one reversible tool after 90 days, shows it live, and takes it back', async () => {
    await earnGrant(90);
    const ran = await grant('--scope', 'databases=payments');
    expect(ran.err).toContain('may be released without a person, 3 times in all');
    const { record, standing } = JSON.parse(ran.out) as { record: { hash: string }; standing: { grants: unknown } };
    expect(standing.grants).toMatchObject([{ record: record.hash, tool: reversible.name, count: 3, used: 0 }]);
    const shown = (await team.as('personD')('status', id)).out;
    expect(shown).toMatch(/grants +postgres\.pauseClient: 0 of 3 used, until 20.*, only databases payments/);
    expect(endOf(await grant())).toBe('1 RECORD_REFUSED');
    const revoked = await team.as('personB')('revoke', record.hash, '--yes', '--json');
    expect(JSON.parse(revoked.out)).toMatchObject({ standing: { grants: [] } });
  });
  it('grants nothing too early, beyond the scopes, too long, for a risky tool, or without its quorum', async () => {
    await earnGrant(89);
    expect(endOf(await grant())).toBe('1 NOT_EARNED');
    expect(endOf(await grant('--scope', 'databases=billing'))).toBe('1 RECORD_REFUSED');
    expect(endOf(await grant('--until', '91d'))).toBe('1 RECORD_REFUSED');
    expect(endOf(await grant('--until', '2020-01-01'))).toBe('1 RECORD_REFUSED');
    const risky = ['grant', id, 'postgres.terminateBackend', '--until', '7d', '--count', '1', '--yes', '--json'];
    expect(endOf(await team.as('personA')(...risky))).toBe('1 RECORD_REFUSED');
    await gather({});
    expect(endOf(await grant())).toBe('1 QUORUM_MISSING');
    expect(grantSubject(team.stage).tool).toBe(reversible.name);
  });
  it.each([
    ['--count', '0'],
    ['--count', '101'],
    ['--count', '1e1'],
    ['--until', 'soon'],
    ['--until', '-7d'],
    ['--until', '2026-02-30'],
    ['--scope', 'databases'],
    ['--scope', 'planets=mars'],
    ['--scope', 'databases=a b'],
  ])('takes no grant with %s %s', async (option, value) => {
    expect(endOf(await grant(option, value))).toBe('2 WRONG_USE');
  });

  const reset = (...more: string[]) => team.as('personA')('trip-reset', ...more, '--yes', '--json');
  const trip = async (rule: string) => {
    const limits = { errorEventsMin: 5, errorObjectivePercent: 80 };
    await gather({ runbook: nervousRunbook, limits, powers: { 'trip-reset': alone(['leads']) } });
    await denyOne(team.stage, rule);
  };
  it('closes an open breaker by a signed statement over its trip, once', async () => {
    await trip('scope.outside');
    const record = (await team.status()).standing.trip?.record;
    const ran = await reset(id, '--reason', 'the scope was wrong; it is mended');
    expect(ran.err).toMatch(/effect +opened by unexpected ends 1 of 0 allowed, at 20/);
    expect(JSON.parse(ran.out)).toMatchObject({ ok: true, record: {}, standing: { trip: null } });
    expect(ran.err).toContain(record);
    const again = await reset(id);
    expect(endOf(again)).toBe('1 NOT_FOUND');
    expect(again.err).toContain('nothing is to be done');
  });
  it('tells the breaker of a runbook from that over all', async () => {
    await trip('scope.outside');
    expect(endOf(await reset('--all'))).toBe('1 NOT_FOUND');
    await denyOne(team.stage, 'limits.runbook');
    expect((await reset(id)).err).toContain('then still stopped by the other breaker');
    const own = await reset(id);
    expect(endOf(own)).toBe('1 NOT_FOUND');
    expect(own.err).toContain('holdpoint runbook trip-reset --all');
    expect(JSON.parse((await reset('--all')).out)).toMatchObject({ ok: true, standing: null });
    expect((await team.status()).breakers.all.trip).toBeNull();
  });
  it('closes nothing by a person without that power, nor for a runbook that nobody has', async () => {
    await trip('scope.outside');
    expect(endOf(await team.as('personB')('trip-reset', id, '--yes', '--json'))).toBe('1 STATEMENT_NOT_POWERED');
    expect(endOf(await reset('no-such'))).toBe('1 NOT_FOUND');
    expect((await team.status()).breakers.runbook.trip).not.toBeNull();
  });
});
