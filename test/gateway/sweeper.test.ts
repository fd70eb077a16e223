import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import { startSweeper } from '../../gateway/sweeper.ts';
import { describeWith } from '../support/skips.ts';
import type { KillUnderTest } from './kill-under-test.ts';
import { eventually, killUnderTest } from './kill-under-test.ts';

const all = { kind: 'all' } as const;
const mine = { kind: 'runbook', runbook: 'mine' } as const;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describeWith('temporal', 'the sweeper, when somebody stops a scope with Temporal alone', () => {
  let under: KillUnderTest;
  beforeEach(async () => {
    under = await killUnderTest();
  });
  afterEach(() => under.stop());
  const sweeping = () => {
    const { client, namespace } = under;
    const log = pino({ level: 'silent' });
    const sweeper = startSweeper({
      client,
      namespace,
      log,
      registry: new Registry(),
      clock: Date.now,
      pollMs: 100,
      graceMs: 1_000,
    });
    onTestFinished(() => sweeper.stop());
    return sweeper;
  };
  const fence = (id = 'fence/all') => under.client.workflow.getHandle(id);

  it('cancels every incident once the fence was cancelled', async () => {
    await under.raise(all);
    const ids = [await under.incident(), await under.incident()];
    sweeping();
    await pause(500);
    for (const id of ids) expect(await under.statusOf(id), 'an open fence sweeps nothing').toBe('RUNNING');
    await fence().cancel();
    for (const id of ids) await eventually(async () => (await under.statusOf(id)) === 'CANCELLED');
  });

  it('ends incidents once the fence was terminated, also those that nobody works on', async () => {
    await under.raise(all);
    const orphan = await under.incident({}, 'queue-that-nobody-polls');
    sweeping();
    await pause(300);
    await fence().terminate();
    await eventually(async () => (await under.statusOf(orphan)) === 'TERMINATED');
  });

  it('stops the incidents of one runbook only', async () => {
    await under.raise(mine);
    const [own, other] = [await under.incident({ runbook: 'mine' }), await under.incident({ runbook: 'other' })];
    await under.untilVisible('HoldpointRunbook IN ("mine", "other")', 2);
    sweeping();
    await pause(300);
    await fence('fence/runbook/mine').cancel();
    await eventually(async () => (await under.statusOf(own)) === 'CANCELLED');
    expect(await under.statusOf(other)).toBe('RUNNING');
  });

  it('makes up for a stop that happened while it was not there', async () => {
    await under.raise(all);
    const id = await under.incident();
    await fence().cancel();
    sweeping();
    await eventually(async () => (await under.statusOf(id)) === 'CANCELLED');
  });

  it('leaves alone what started after the stop, and after a resume', async () => {
    await under.raise(all);
    await fence().cancel();
    await pause(1_500);
    const afterStop = await under.incident();
    sweeping();
    await pause(2_500);
    expect(await under.statusOf(afterStop)).toBe('RUNNING');
    await under.raise(all);
    const afterResume = await under.incident();
    await pause(1_500);
    expect(await under.statusOf(afterResume)).toBe('RUNNING');
  });

  it('sweeps nothing where no fence was ever raised', async () => {
    const id = await under.incident();
    sweeping();
    await pause(1_500);
    expect(await under.statusOf(id)).toBe('RUNNING');
  });
});
