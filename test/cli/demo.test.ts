import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { DemoEvent } from '../../cli/demo/events.ts';
import { describeWith } from '../support/skips.ts';
import { sharedTemporal } from '../support/temporal.ts';
import type { Running } from './demo-process.ts';
import { holdpointAt, runToEnd, startDemo } from './demo-process.ts';

describeWith(['temporal', 'postgres'], 'the demo', () => {
  let dir: string;
  let demo: Running<DemoEvent> | null = null;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'holdpoint-demo-test-'));
  });
  afterAll(async () => {
    demo?.child.kill('SIGTERM');
    await demo?.ended;
    await rm(dir, { recursive: true, force: true });
  });

  it('tells one real incident and releases it with --yes, and leaves nothing running', {
    timeout: 120_000,
  }, async () => {
    demo = startDemo(['--yes'], sharedTemporal().bin);
    await demo.next('held');
    expect(demo.pids().length).toBeGreaterThan(6);
    const result = await demo.next('result');
    const { code, stderr } = await demo.ended;
    expect([result, code, stderr]).toMatchObject([
      { ok: true, resolved: true, verified: true, tableWhole: true },
      0,
      '',
    ]);
    // The promise is 60 s; on a machine that is busy with other tests it takes as much longer as the machine is late.
    expect(result.seconds).toBeLessThan(60 * Math.max(1, (loadavg()[0] ?? 0) / availableParallelism()));
    expect(demo.pids()).toEqual([]);
    const order = ['ready', 'waived', 'trouble', 'planted', 'alert', 'matched', 'read', 'denied', 'held', 'released'];
    const told = demo.events.map(({ event }) => event);
    const places = [...order, 'intent', 'done', 'sealed', 'verified', 'result'].map((event) =>
      told.indexOf(event as never),
    );
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places).not.toContain(-1);
    const home = demo.events.flatMap((event) => (event.event === 'ready' ? [event.home] : []))[0] ?? '';
    await expect(stat(home)).rejects.toThrow('ENOENT');
  });

  it('shows that the planted text was obeyed by a labelled turn, denied, and changed nothing', () => {
    const denied = demo?.events.filter((event) => event.event === 'denied') ?? [];
    expect(denied.length).toBeGreaterThan(0);
    for (const event of denied)
      expect(event).toMatchObject({ kind: 'deny', label: expect.stringContaining('hijacked') });
    expect(denied.some((event) => 'args' in event && event.args.includes('DROP TABLE payments'))).toBe(true);
    expect(demo?.events.filter((event) => event.event === 'held')).toHaveLength(1);
  });

  it('waits for a person, and takes the release from the official CLI alone', { timeout: 180_000 }, async () => {
    const { bin } = sharedTemporal();
    const archive = join(dir, 'archive');
    demo = startDemo(['--archive', archive], bin);
    const { home, temporal } = await demo.next('ready');
    const { card } = await demo.next('held');
    const { workflowId } = card.action;
    const shown = await untilPending(home, workflowId);
    expect(shown).toMatchObject({ pending: [{ digest: card.digest, approvedBy: [] }] });

    const bare = await holdpointAt(home, ['sign', workflowId, 'f'.repeat(64), '--yes']);
    expect([bare.status, bare.out]).toEqual([1, '']);
    expect(bare.err).toContain('STATEMENT_EARLY');
    const piped = await holdpointAt(home, ['sign', workflowId, card.digest]);
    expect([piped.status, piped.out]).toEqual([2, '']);
    expect(piped.err).toContain('no terminal to ask on');
    const signal = (input: string) =>
      runToEnd(bin, [
        'workflow',
        'signal',
        '--address',
        temporal,
        '-w',
        workflowId,
        '--name',
        'approve',
        '--input',
        input,
      ]);
    expect((await signal('{"approved":true}')).status).toBe(0);

    await runToEnd('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(dir, 'stranger')]);
    const argv = ['approve', workflowId, card.digest, '--yes', '--json', '--key', join(dir, 'stranger')];
    const forged = await holdpointAt(home, argv);
    expect([forged.status, JSON.parse(forged.out)]).toMatchObject([
      1,
      { ok: false, effect: { code: 'STATEMENT_BAD_PROOF' } },
    ]);

    const signed = await holdpointAt(home, ['sign', workflowId, card.digest, '--yes']);
    expect(signed.status).toBe(0);
    expect(signed.out.split('\n')).toHaveLength(1);
    for (const part of ['HOLD POINT', card.digest, 'exactly this one session']) expect(signed.err).toContain(part);
    expect((await signal(signed.out)).status).toBe(0);
    expect(await demo.next('result')).toMatchObject({ ok: true, archive });
    expect((await demo.ended).code).toBe(0);
    expect(demo.pids()).toEqual([]);
  });

  it('leaves an archive that verifies, until a byte of it is changed or a record is gone', {
    timeout: 60_000,
  }, async () => {
    const archive = join(dir, 'archive');
    const verify = (...argv: string[]) => holdpointAt('', ['verify', '--json', '--archive', ...argv]);
    const good = await verify(archive);
    expect([good.status, JSON.parse(good.out)]).toMatchObject([0, { ok: true, faults: [] }]);
    const { head } = JSON.parse(good.out) as { head: { seq: number; hash: string } };
    const segments = (await readdir(join(archive, 'segments'))).sort();
    const [some, last] = [segments.at(4) ?? '', segments.at(-1) ?? ''];

    const changed = join(dir, 'changed');
    await cp(archive, changed, { recursive: true });
    const text = await readFile(join(changed, 'segments', some), 'utf8');
    await writeFile(join(changed, 'segments', some), text.replace('"v":1', '"v":2'));
    const bad = await verify(changed);
    expect([bad.status, JSON.parse(bad.out)]).toMatchObject([1, { ok: false }]);
    expect(bad.out).toContain(some);

    await rm(join(archive, 'segments', last));
    expect((await verify(archive, '--head', `${head.seq}:${head.hash}`)).status).toBe(1);
  });
});

/** The card is in the log a moment before its hold shows. */
async function untilPending(home: string, workflowId: string): Promise<unknown> {
  for (const end = Date.now() + 15_000; ; ) {
    const shown = JSON.parse((await holdpointAt(home, ['show', workflowId, '--json'])).out) as { pending: unknown[] };
    if (shown.pending.length > 0 || Date.now() > end) return shown;
  }
}
