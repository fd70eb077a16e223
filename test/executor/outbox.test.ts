import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createOutbox } from '../../activities/tools/outbox.ts';
import { HoldpointError } from '../../contracts/errors.ts';
import type { SignedOutcome } from '../../contracts/evidence.ts';

let dir: string;
let sent: SignedOutcome[];
let answer: () => void;
const log = pino({ level: 'silent' });
const recorder = {
  outcome: async (outcome: SignedOutcome) => {
    answer();
    sent.push(outcome);
    return { seq: sent.length, hash: 'a'.repeat(64), at: '2026-01-01T00:00:00.000Z' };
  },
};
const box = () => createOutbox({ dir, recorder, log });
const files = async () => (await readdir(dir)).filter((name) => !name.startsWith('.')).sort();
const outcome = (attempt: number): SignedOutcome => ({
  payload: {
    v: 1,
    workflowId: 'incident/a/b',
    runId: '00000000-0000-0000-0000-000000000000',
    activityId: '1',
    digest: 'd'.repeat(64),
    attempt,
    status: 'done',
    detail: 'done',
    result: null,
    postcondition: null,
    startedAt: null,
    endedAt: '2026-01-01T00:00:00.000Z',
  },
  signer: 'executor.r',
  signature: 'A'.repeat(86),
});
const away = () => {
  throw new HoldpointError('RECORDER_AWAY', 'recorder: away');
};

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'holdpoint-outbox-'));
  sent = [];
  answer = () => undefined;
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe('the outbox', () => {
  it('keeps an outcome until the recorder has it, and not longer', async () => {
    const outbox = box();
    await outbox.keep(outcome(1));
    expect(await outbox.kept('d'.repeat(64), 1)).toEqual(outcome(1));
    await outbox.deliver(outcome(1), () => false);
    expect([sent.length, await files()]).toEqual([1, []]);
  });

  it('waits while the recorder is away', async () => {
    let tries = 0;
    answer = () => {
      tries += 1;
      if (tries < 3) away();
    };
    await box().keep(outcome(1));
    await box().deliver(outcome(1), () => false);
    expect([tries, sent.length, await files()]).toEqual([3, 1, []]);
  });

  it('leaves the file when its process stops first, and the next process sends it', async () => {
    answer = away;
    await box().keep(outcome(1));
    await expect(box().deliver(outcome(1), () => true)).rejects.toMatchObject({ code: 'RECORDER_AWAY' });
    expect(await files()).toHaveLength(1);
    answer = () => undefined;
    await box().flush();
    expect([sent.map(({ payload }) => payload.attempt), await files()]).toEqual([[1], []]);
  });

  it('waits as well for a recorder that answers with nonsense or refuses the caller', async () => {
    answer = () => {
      throw new HoldpointError('UNAUTHENTICATED', 'no');
    };
    await box().keep(outcome(1));
    await expect(box().deliver(outcome(1), () => true)).rejects.toMatchObject({ code: 'RECORDER_AWAY' });
    expect(await files()).toHaveLength(1);
  });

  it('puts aside, and never loses, what the recorder will never take', async () => {
    answer = () => {
      throw new HoldpointError('RECORD_REFUSED', 'no');
    };
    await box().keep(outcome(1));
    await expect(box().deliver(outcome(1), () => false)).rejects.toMatchObject({ code: 'RECORD_REFUSED' });
    expect(await files()).toEqual([`${'d'.repeat(64)}-1.json.refused`]);
    expect(await box().kept('d'.repeat(64), 1)).toBeNull();
  });

  it('passes over a file that it cannot read, and leaves it', async () => {
    await writeFile(join(dir, `${'e'.repeat(64)}-1.json`), '{');
    await box().keep(outcome(2));
    await box().flush();
    expect([sent.length, await files()]).toEqual([1, [`${'e'.repeat(64)}-1.json`]]);
  });

  it('sends nothing of a draft that a crash left', async () => {
    await writeFile(join(dir, `.${'e'.repeat(64)}-1.json.1.tmp`), JSON.stringify(outcome(1)));
    await box().flush();
    expect(sent).toEqual([]);
  });

  it('is empty before its folder is made', async () => {
    await rm(dir, { recursive: true });
    await box().flush();
    expect(await box().kept('d'.repeat(64), 1)).toBeNull();
  });
});
