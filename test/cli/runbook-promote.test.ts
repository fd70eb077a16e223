import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { verifyArchive } from '../../activities/record/verify.ts';
import { earningRunbook, rehearseAndGrade, rehearseOne } from '../record/earning.ts';
import { runbookRef } from '../record/incident.ts';
import { dayMs, executor, keys, openWorld, type World } from '../record/stage.ts';
import { describeWith } from '../support/skips.ts';
import { endOf, gatherTeam, type PlatformTeam } from './platform-team.ts';

const id = 'postgres-blocked';

describeWith('temporal', 'holdpoint runbook promote, demote, waive and revoke', () => {
  let world: World;
  let team: PlatformTeam;
  const promote = (...more: string[]) => team.as('personA')('promote', id, '--ring', '1', '--yes', '--json', ...more);
  /** A dry run of so many days up to now, with ten grades. */
  const earn = async (days: number, correct = true) => {
    team = await gatherTeam(world, { daysAgo: days });
    await rehearseAndGrade(team.stage, 10, correct);
    team.stage.pass(days * dayMs);
  };
  const ring = async () => (await team.status()).standing.ring;

  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    team = await gatherTeam(world);
  });
  afterEach(() => team.close());
  const again = async (days: number, correct?: boolean) => {
    await team.close();
    await earn(days, correct);
  };

  it('promotes by two persons: one prints, the other sends both, and the archive verifies', async () => {
    await again(14);
    const file = team.attestation('preflight.json');
    const second = await team.as('personC')('promote', id, '--ring', '1', '--yes', '--print', '--attestation', file);
    writeFileSync(join(team.dir, 'second.json'), second.out);
    expect(endOf(await promote())).toBe('1 QUORUM_MISSING');
    const ran = await promote('--with', 'second.json', '--reason', 'fourteen good days');
    expect(JSON.parse(ran.out)).toMatchObject({
      ok: true,
      type: 'promote',
      runbook: runbookRef(team.stage.rules),
      record: { hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
      standing: { ring: 1, rule: 'standing.promoted' },
    });
    expect(ran.err).toMatch(/effect +now ring 0/);
    expect(ran.err).toContain('takes 2 of leads');
    expect((await verifyArchive({ dir: team.stage.archive, keys })).faults).toEqual([]);
  });
  it('refuses a day too early, before anybody signs, and says how many days are missing', async () => {
    await again(13);
    const ran = await promote('--attestation', team.attestation('preflight.json'));
    expect(endOf(ran)).toBe('1 NOT_EARNED');
    expect(ran.err).toContain('1 more days of dry run (day 13 of 14)');
    expect(ran.err).not.toContain('STATEMENT');
  });
  it('refuses for wrong proposals, and without an attestation', async () => {
    await again(14, false);
    const ran = await promote();
    expect(endOf(ran)).toBe('1 NOT_EARNED');
    expect(ran.err).toContain('more correct proposals');
    expect(ran.err).toContain('--attestation FILE');
  });
  it('refuses an attestation that has expired, is of another key, or is none', async () => {
    const { stage } = team;
    const expired = team.attestation('expired.json', stage.now() - 31 * dayMs);
    expect(endOf(await promote('--attestation', expired))).toBe('1 RECORD_REFUSED');
    const forged = team.attestation('forged.json', stage.now() - 1_000, executor);
    expect(endOf(await promote('--attestation', forged))).toBe('1 BAD_SIGNATURE');
    writeFileSync(join(team.dir, 'none.json'), '{}');
    expect(endOf(await promote('--attestation', 'none.json'))).toBe('2 WRONG_USE');
    expect(endOf(await promote('--attestation', 'missing.json'))).toBe('2 WRONG_USE');
  });
  it.each(['0', '3', 'one', ''])('refuses to promote to ring `%s`', async (given) => {
    const ran = await team.as('personA')('promote', id, '--ring', given, '--yes', '--json');
    expect(endOf(ran)).toBe('2 WRONG_USE');
  });
  it('knows only runbooks of the manifest, and only the text that the recorder has too', async () => {
    expect(endOf(await team.as('personA')('promote', 'no-such', '--ring', '1', '--yes', '--json'))).toBe('1 NOT_FOUND');
    const runbooks = [{ text: JSON.stringify({ ...earningRunbook, title: 'an edit' }) }];
    await team.stage.publish({ runbooks });
    team.keepOldManifest();
    expect(endOf(await promote())).toBe('1 RUNBOOK_MISMATCH');
  });

  const waive = (...more: string[]) => team.as('personA')('waive', id, '--yes', '--json', ...more);
  it('waives until an end, says what is missing, and takes the waiver back by its record', async () => {
    const ran = await waive('--ring', '2', '--until', '7d');
    const { record, standing } = JSON.parse(ran.out) as { record: { hash: string }; standing: unknown };
    expect(standing).toMatchObject({ ring: 2, rule: 'standing.waived' });
    expect(ran.err).toContain('although it lacks 14 days of dry run');
    const revoked = await team.as('personB')('revoke', record.hash, '--yes', '--json', '--reason', 'over');
    expect(JSON.parse(revoked.out)).toMatchObject({ ok: true, standing: { ring: 0, rule: 'standing.revoked' } });
    expect(revoked.err).toContain('ends this waiver (record');
    expect(revoked.err).not.toContain('not in force');
    const twice = await team.asked('personB', false, 'revoke', record.hash, '--json');
    expect([endOf(twice), twice.err.includes('it is not in force')]).toEqual(['1 RELEASE_MISSING', true]);
  });
  it('refuses a waiver that ends too late or has ended, and one by a person without the power', async () => {
    expect(endOf(await waive('--ring', '2', '--until', '31d'))).toBe('1 RECORD_REFUSED');
    expect(endOf(await waive('--ring', '2', '--until', '2020-01-01'))).toBe('1 RECORD_REFUSED');
    expect(endOf(await waive('--ring', '2', '--hours', 'many'))).toBe('2 WRONG_USE');
    expect(endOf(await waive('--ring', '2', '--condition', 'sleep'))).toBe('2 WRONG_USE');
    expect(endOf(await team.as('personB')('waive', id, '--ring', '1', '--yes', '--json'))).toBe(
      '1 STATEMENT_NOT_POWERED',
    );
    expect(await ring()).toBe(0);
  });
  it('asks before it signs: no terminal is wrong use, and a no is a no', async () => {
    expect((await team.as('personA')('waive', id, '--ring', '2')).status).toBe(2);
    const declined = await team.asked('personA', false, 'waive', id, '--ring', '2', '--json');
    expect(endOf(declined)).toBe('1 RELEASE_MISSING');
    expect(await ring()).toBe(0);
    expect((await team.asked('personA', true, 'waive', id, '--ring', '2')).status).toBe(0);
    expect(await ring()).toBe(2);
  });

  it('demotes at once, to ring 0 unless told otherwise', async () => {
    await waive('--ring', '2');
    const demote = (...more: string[]) => team.as('personB')('demote', id, '--yes', '--json', ...more);
    expect(JSON.parse((await demote('--ring', '1')).out)).toMatchObject({ standing: { ring: 1 } });
    const ran = await demote('--reason', 'ended the wrong session');
    expect(JSON.parse(ran.out)).toMatchObject({ standing: { ring: 0, rule: 'standing.demoted' } });
    expect(ran.err).toContain('then ring 0: reads run, every write is rehearsed');
    expect(endOf(await demote('--ring', '2'))).toBe('2 WRONG_USE');
    expect(endOf(await team.as('personD')('demote', id, '--yes', '--json'))).toBe('1 STATEMENT_NOT_POWERED');
  });
  it('revokes only what was given: no unheard-of record, no grade, no half a hash', async () => {
    const revoke = (record: string) => team.as('personA')('revoke', record, '--yes', '--json');
    const { digest } = await rehearseOne(team.stage);
    const graded = await team.as('personA')('grade', digest, 'correct', '--reason', 'r', '--yes', '--json');
    const { record } = JSON.parse(graded.out) as { record: { hash: string } };
    expect(endOf(await revoke(record.hash))).toBe('1 RECORD_REFUSED');
    expect(endOf(await revoke('a'.repeat(64)))).toBe('1 NOT_FOUND');
    expect(endOf(await revoke(record.hash.slice(0, 12)))).toBe('2 WRONG_USE');
  });
  it("refuses a colleague's statement over something else, naming what differs", async () => {
    const theirs = await team.as('personC')('waive', id, '--ring', '1', '--yes', '--print');
    writeFileSync(join(team.dir, 'theirs.json'), theirs.out);
    const ran = await waive('--ring', '2', '--with', 'theirs.json');
    expect(endOf(ran)).toBe('2 WRONG_USE');
    expect(ran.err).toContain('`ring` is 1, yours 2');
  });
});
