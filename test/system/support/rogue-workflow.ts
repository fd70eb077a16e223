import { condition, defineQuery, defineSignal, proxyActivities, setHandler } from '@temporalio/workflow';
import type { Instruction, Reply } from './rogue.ts';

/**
 * What runs when somebody else's code has taken the orchestrator's place: it does what the test tells it, one activity at
 * a time, under a real workflow id and run id.
 */
export async function incident(): Promise<void> {
  const inbox: Instruction[] = [];
  const replies: Reply[] = [];
  setHandler(defineSignal<[Instruction]>('do'), (instruction) => void inbox.push(instruction));
  setHandler(defineQuery<Reply[]>('replies'), () => replies);
  for (const name of ['alert', 'approve', 'reject', 'note']) setHandler(defineSignal(name), () => {});
  for (;;) {
    await condition(() => inbox.length > 0);
    const next = inbox.shift();
    if (next === undefined) continue;
    if (next.activity === 'finish') return;
    const activities = proxyActivities({
      taskQueue: next.queue,
      startToCloseTimeout: '60 s',
      heartbeatTimeout: '2 s',
      retry: { maximumAttempts: next.attempts ?? 1, initialInterval: '300 ms' },
    });
    const run = activities[next.activity];
    if (run === undefined) continue;
    const settle = run(next.input).then(
      (value) => void replies.push({ id: next.id, ok: true, value }),
      (error: { cause?: { type?: string; message?: string } }) =>
        void replies.push({
          id: next.id,
          ok: false,
          code: error.cause?.type ?? 'TIMED_OUT',
          message: error.cause?.message ?? '',
        }),
    );
    if (!next.concurrently) await settle;
  }
}
