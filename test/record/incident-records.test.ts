import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createIncidentRecords } from '../../activities/judge/incident-records.ts';
import type { RecordsQuery } from '../../activities/record/client.ts';
import type { SignedRecord } from '../../contracts/record.ts';
import { digestOf, jcs } from '../../policies/digest.ts';
import { storyKinds } from '../../policies/incident-story.ts';
import { describeWith } from '../support/skips.ts';
import { begin, codeFrom, type Incident, resultOf } from './incident.ts';
import { executor, openStage, openWorld, orchestrator, type Stage, type World } from './stage.ts';

describeWith('temporal', 'the records of an incident', () => {
  let world: World;
  let stage: Stage;
  let incident: Incident;
  beforeAll(async () => {
    world = await openWorld();
    stage = await openStage({ world });
    incident = await begin(stage);
  });
  afterAll(async () => {
    await stage.close();
    await world.close();
  });
  const refuse = (code: string) => {
    const { workflowId, runId } = incident;
    const refusal = {
      kind: 'refusal',
      workflowId,
      runId,
      digest: null,
      what: 'w',
      code,
      reason: 'r',
      raw: null,
    } as const;
    return stage.as(orchestrator).append(refusal);
  };
  /** Appends one more result; each is of another session, so no body is appended twice. */
  const appendResult = async (pid: number) => {
    const { workflowId, runId } = incident;
    const result = resultOf(stage, incident, pid);
    const resultHash = await stage.as(executor).putBlob(jcs(result));
    const { step, tool, at } = result.payload;
    const evidence = { step, tool, resultHash, at, entityCount: 1, bytes: 1 };
    await stage.as(executor).append({ kind: 'result', workflowId, runId, evidence, signer: executor.signer.as });
    return digestOf(result);
  };
  const asked: RecordsQuery[] = [];
  const records = () => {
    const recorder = stage.as(executor);
    return createIncidentRecords({
      records: (query) => {
        asked.push(query);
        return recorder.records(query);
      },
    });
  };
  const hashesOf = async (from: ReturnType<typeof records>) =>
    (await from.of(incident.workflowId))
      .filter(({ kind }) => kind !== 'alert')
      .map((body) => (body.kind === 'result' ? body.evidence.resultHash : body.kind));

  it('are answered by kind, of one workflow id', async () => {
    await begin(stage);
    await refuse('A');
    const ask = async (kinds: RecordsQuery['kinds']) =>
      (await stage.as(executor).records({ workflow: incident.workflowId, ...(kinds && { kinds }) })).map(
        ({ payload }) => payload.body.kind,
      );
    expect(await ask(undefined)).toEqual(['alert', 'refusal']);
    expect(await ask(['refusal'])).toEqual(['refusal']);
    expect(await ask(['refusal', 'intent', 'alert'])).toEqual(['alert', 'refusal']);
    expect(await ask(['seal'])).toEqual([]);
  });

  it.each([
    ['of a kind that nobody knows', { kinds: ['results'] }],
    ['of no kind', { kinds: [''] }],
    ['of a kind without a workflow id', { workflow: undefined, kinds: ['result'] }],
  ])('are refused %s: an empty page would hide what is there', async (_name, change) => {
    const query = { workflow: incident.workflowId, ...change } as never;
    expect(await codeFrom(stage.as(executor).records(query))).toBe('BAD_INPUT');
  });

  it('are each read once, and every newer one is seen', async () => {
    const kept = records();
    const hashes = [];
    for (const pid of [1, 2, 3]) {
      hashes.push(await appendResult(pid));
      await refuse(`B${pid}`);
      expect(await hashesOf(kept)).toEqual(hashes);
    }
    asked.length = 0;
    expect(await hashesOf(kept)).toEqual(hashes);
    expect(asked).toMatchObject([{ from: expect.any(Number), kinds: storyKinds }]);
    expect(asked[0]?.from).toBeGreaterThan(0);
  });

  it('are all seen by each of several that ask at once while more are appended', async () => {
    const kept = records();
    const before = await hashesOf(kept);
    const appended: string[] = [];
    for (const pid of [11, 12, 13]) {
      appended.push(await appendResult(pid));
      const seen = await Promise.all([hashesOf(kept), hashesOf(kept), hashesOf(kept)]);
      for (const one of seen) expect(one).toEqual([...before, ...appended]);
    }
  });

  it('are not answered from memory while the recorder is away', async () => {
    const recorder = stage.as(executor);
    const kept = createIncidentRecords(recorder);
    await kept.of(incident.workflowId);
    await stage.recorder.stop();
    expect(await codeFrom(kept.of(incident.workflowId))).toContain('RECORDER_AWAY');
    await stage.restart();
  });
});

describe('the records that are kept of an incident', () => {
  const recordOf = (seq: number, log = 'a'): SignedRecord =>
    ({ payload: { seq, body: { kind: 'outcome', why: `${log}${seq}` } }, signature: `${log}${seq}` }) as never;
  /** A recorder that answers pages of two, as one does whose records are big. */
  const readerOf = (log: () => readonly SignedRecord[]) => ({
    records: async ({ from = 0 }: RecordsQuery) =>
      log()
        .filter(({ payload }) => payload.seq >= from)
        .slice(0, 2),
  });
  const seen = async (kept: ReturnType<typeof createIncidentRecords>) =>
    (await kept.of('incident/x/1')).map((body) => (body as { why: string }).why);

  it('go on after a page that its bytes cut short', async () => {
    const log = [1, 2, 5, 8, 9].map((seq) => recordOf(seq));
    expect(await seen(createIncidentRecords(readerOf(() => log)))).toEqual(['a1', 'a2', 'a5', 'a8', 'a9']);
  });

  it.each([
    ['shorter', [recordOf(1)]],
    ['empty', []],
    ['another, under the same numbers', [1, 2, 3, 4].map((seq) => recordOf(seq, 'b'))],
    ['the same up to a point, and then another', [recordOf(1), recordOf(2), recordOf(3, 'b'), recordOf(4, 'b')]],
  ])('hide nothing of a log that was put back and is now %s', async (_name, next) => {
    let log: readonly SignedRecord[] = [1, 2, 3].map((seq) => recordOf(seq));
    const kept = createIncidentRecords(readerOf(() => log));
    expect(await seen(kept)).toEqual(['a1', 'a2', 'a3']);
    log = next;
    expect(await seen(kept)).toEqual(next.map(({ signature }) => signature));
  });

  it('are given up beyond a bound, and read anew', async () => {
    const big = Array.from({ length: 6_000 }, (_, seq) => recordOf(seq));
    const froms: number[] = [];
    const kept = createIncidentRecords({
      records: async ({ from = 0 }) => {
        froms.push(from);
        return big.slice(from, from + 500);
      },
    });
    for (const id of ['incident/x/1', 'incident/x/2', 'incident/x/1']) await kept.of(id);
    expect(froms.filter((from) => from === 0)).toHaveLength(3);
  });
});
