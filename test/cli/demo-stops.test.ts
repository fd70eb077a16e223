import { rm } from 'node:fs/promises';
import { afterEach, expect, it } from 'vitest';
import type { DemoEvent } from '../../cli/demo/events.ts';
import { describeWith } from '../support/skips.ts';
import { sharedTemporal } from '../support/temporal.ts';
import type { Running } from './demo-process.ts';
import { holdpointAt, runToEnd, startDemo } from './demo-process.ts';

describeWith(['temporal', 'postgres'], 'a demo that is stopped', () => {
  let demo: Running<DemoEvent> | null = null;
  afterEach(async () => {
    demo?.child.kill('SIGTERM');
    await demo?.ended;
    const ready = demo?.events.find((event) => event.event === 'ready');
    if (ready?.event === 'ready') await rm(ready.home, { recursive: true, force: true });
  });

  it('by a kill: says so, resumes by a signed statement, and ends at Ctrl-C', { timeout: 120_000 }, async () => {
    demo = startDemo(['--keep'], sharedTemporal().bin);
    const { home } = await demo.next('ready');
    await demo.next('held');
    const killed = await holdpointAt(home, ['kill', '--all', '--reason', 'a drill', '--json']);
    expect([killed.status, JSON.parse(killed.out)]).toMatchObject([0, { ok: true, scope: 'all', wasOpen: true }]);
    expect((JSON.parse(killed.out) as { acknowledgedMs: number }).acknowledgedMs).toBeLessThan(2_000);
    expect(await demo.next('result')).toMatchObject({ ok: false, resolved: false, verified: true, tableWhole: true });
    expect(demo.events.some(({ event }) => event === 'intent')).toBe(false);

    const resumed = await holdpointAt(home, ['resume', '--all', '--yes', '--json', '--reason', 'the drill is over']);
    expect([resumed.status, JSON.parse(resumed.out)]).toMatchObject([0, { ok: true, type: 'resume' }]);
    const standing = await holdpointAt(home, ['runbook', 'status', '--json']);
    expect(JSON.parse(standing.out)).toMatchObject([{ standing: { ring: 2 } }]);
    demo.child.kill('SIGINT');
    expect((await demo.ended).code).toBe(1);
    expect(demo.pids()).toEqual([]);
  });

  it('by the death of a process: names it, shows its last lines, and leaves nothing running', {
    timeout: 90_000,
  }, async () => {
    demo = startDemo([], sharedTemporal().bin);
    await demo.next('held');
    const recorder = await pidOf(demo, 'recorder.js');
    process.kill(recorder, 'SIGKILL');
    const failed = await demo.next('failed');
    expect(failed).toMatchObject({ process: 'recorder', what: expect.stringContaining('SIGKILL') });
    expect(failed.lastLines.length).toBeGreaterThan(0);
    expect(await demo.next('result')).toMatchObject({ ok: false });
    expect((await demo.ended).code).toBe(1);
    expect(demo.pids()).toEqual([]);
  });

  it('by a rejection: the write is not done, and the record says who said no', { timeout: 120_000 }, async () => {
    demo = startDemo([], sharedTemporal().bin);
    const { home } = await demo.next('ready');
    const { card } = await demo.next('held');
    const argv = ['reject', card.action.workflowId, card.digest, '--yes', '--json', '--reason', 'wrong session'];
    let rejected = await holdpointAt(home, argv);
    // The card is in the log a moment before its hold shows.
    for (let tries = 0; rejected.err.includes('STATEMENT_EARLY') && tries < 20; tries++)
      rejected = await holdpointAt(home, argv);
    expect([rejected.status, JSON.parse(rejected.out)]).toMatchObject([0, { ok: true, effect: { end: 'rejected' } }]);
    expect(await demo.next('result')).toMatchObject({ ok: false, resolved: false, verified: true });
    expect(demo.events.some(({ event }) => event === 'intent' || event === 'done')).toBe(false);
    expect((await demo.ended).code).toBe(1);
  });
});

/** The pid of one of the demo's own processes, by the script that it runs. */
async function pidOf(demo: Running<DemoEvent>, script: string): Promise<number> {
  const pids = demo.pids().join(',');
  const { out } = await runToEnd('ps', ['-o', 'pid=,args=', '-p', pids]);
  const line = out.split('\n').find((row) => row.includes(script)) ?? '';
  return Number(line.trim().split(/\s+/)[0]);
}
