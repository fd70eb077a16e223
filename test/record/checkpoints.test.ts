import { appendFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import pino from 'pino';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { signCheckpoint } from '../../activities/record/checkpoint.ts';
import { openPlaces } from '../../activities/record/checkpoint-places.ts';
import { mustReach, newestOf, publish } from '../../activities/record/checkpoints.ts';
import { createDirectoryStore } from '../../activities/record/directory-store.ts';
import { type Log, openLog } from '../../activities/record/log.ts';
import { MerkleTree, recordLeaf } from '../../activities/record/merkle.ts';
import { openPublished, publishedText } from '../../activities/record/published.ts';
import { verifyArchive } from '../../activities/record/verify.ts';
import { type CheckpointHook, CheckpointsConfig } from '../../contracts/config.ts';
import { holdpoint } from '../cli/under-test.ts';
import { executor, makeProcess, pinned, recorder } from '../policies/support/rules.ts';
import { codeFrom } from './incident.ts';
import { origin, segmentsOnDisk } from './segments-on-disk.ts';

const logger = pino({ level: 'silent' });

describe('the checkpoints of a log', () => {
  let root: string;
  let log: Log;
  const archive = () => join(root, 'archive');
  const folder = () => join(root, 'elsewhere');
  const open = async (dir = archive()): Promise<Log> =>
    openLog({ store: await createDirectoryStore(dir), signer: recorder.signer, keys: pinned, clock: Date.now, origin });
  const places = (hook?: CheckpointHook) => openPlaces(CheckpointsConfig.parse({ dir: folder() }), hook, pinned);
  const grow = async (count: number, of = log, word = 'page'): Promise<void> => {
    for (let n = 0; n < count; n++)
      await of.write((writer) =>
        writer.append({
          ...{ kind: 'page', workflowId: null, runId: null, about: 'closed', to: 'nobody', delivered: false },
          detail: `${word} ${writer.state.link.seq + 1}`,
        }),
      );
  };
  const publishAll = async (of = log) => publish({ log: of, places: await places(), logger });
  const files = () =>
    readdirSync(folder())
      .filter((name) => name.endsWith('.txt'))
      .sort();
  const textOf = (name: string) => readFileSync(join(folder(), name), 'utf8');
  const kept = () => files().map((name) => ({ name, text: textOf(name) }));
  const verify = async (checkpoints = kept(), dir = archive()) =>
    (await verifyArchive({ dir, keys: pinned, checkpoints })).faults;
  const start = async (dir = archive()) => {
    const known = await newestOf(await places());
    mustReach(await open(dir), known);
  };
  /** The newest segments taken away, as one who keeps the archive can. */
  const rewind = (count: number, dir = archive()) => {
    for (const key of segmentsOnDisk(dir).keys().slice(-count)) rmSync(join(dir, key));
  };
  /** Another log with the same beginning. */
  const fork = async (dir: string, at: number): Promise<Log> => {
    cpSync(archive(), dir, { recursive: true });
    rewind(log.head().size - at, dir);
    const forked = await open(dir);
    await grow(log.head().size - at, forked, 'other');
    return forked;
  };

  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'holdpoint-checkpoints-'));
    log = await open();
    await grow(3);
    await publishAll();
    await grow(4);
    await publishAll();
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('are kept elsewhere where the log grew, each with the proof that it only grew', async () => {
    await publishAll();
    expect(files()).toEqual(['checkpoint-000000000003.txt', 'checkpoint-000000000007.txt']);
    expect(openPublished(textOf(files()[1] ?? ''), pinned)).toMatchObject({
      checkpoint: { size: 7, origin },
      since: { size: 3 },
    });
    expect(await verify()).toEqual([]);
  });
  it('are one log with what two recorders publish that are both its own', async () => {
    const beside = await open();
    await grow(2);
    await publishAll();
    await publishAll(beside);
    expect(beside.damage()).toBeNull();
    await grow(1, beside);
    await publishAll(beside);
    expect([files().length, await verify()]).toEqual([4, []]);
  });
  it('say so in the report of whoever brings them', async () => {
    const { anchors } = await verifyArchive({ dir: archive(), keys: pinned, checkpoints: kept() });
    expect(anchors.join('\n')).toMatch(/checkpoints: 2, brought by the reader, the newest over 7 records/);
  });

  describe('at the start of a recorder', () => {
    it('let the log in that they are of', async () => {
      expect(await codeFrom(start())).toBe('none');
    });
    it('refuse an archive that was rewound', async () => {
      rewind(1);
      expect(await codeFrom(start())).toBe('RECORD_DAMAGED');
      await expect(start()).rejects.toThrow(/over 7 records, and the archive has 6: it was rewound/);
    });
    it('refuse an archive that was emptied, and one that is another log', async () => {
      expect(await codeFrom(start(join(root, 'empty')))).toBe('RECORD_DAMAGED');
      await fork(join(root, 'forked'), 5);
      await expect(start(join(root, 'forked'))).rejects.toThrow(/of another log/);
    });
    it.each<[string, () => string]>([
      ['was changed', () => textOf('checkpoint-000000000007.txt').replace('\n7\n', '\n6\n')],
      ['another process signed', () => signCheckpoint(executor.signer, log.head())],
      ['another key signed', () => signCheckpoint(makeProcess('recorder').signer, log.head())],
      ['is of another log by name', () => signCheckpoint(recorder.signer, { ...log.head(), origin: 'other/log' })],
      ['is empty', () => ''],
    ])('are no ground to begin on when the newest %s', async (_what, text) => {
      writeFileSync(join(folder(), 'checkpoint-000000000007.txt'), text());
      expect(await codeFrom(start())).toBe('RECORD_DAMAGED');
    });
  });

  it('end the service of a recorder that finds those of another log when it publishes', async () => {
    const forked = await fork(join(root, 'forked'), 5);
    await grow(1, forked, 'other');
    expect(await codeFrom(publishAll(forked))).toBe('RECORD_DAMAGED');
    expect(forked.damage()?.code).toBe('RECORD_DAMAGED');
    expect(await codeFrom(grow(1, forked))).toBe('RECORD_DAMAGED');
    expect(files()).toHaveLength(2);
  });
  it('are kept by no place that has another over as many records', async () => {
    const [place] = await places();
    const other = { ...log.checkpoint(), root: Buffer.alloc(32, 1) };
    expect(await codeFrom(place?.keep(other, 'text') ?? Promise.resolve())).toBe('RECORD_DAMAGED');
  });

  describe('that were kept elsewhere show', () => {
    const objects = async (...given: Parameters<typeof verify>) => (await verify(...given)).map(({ object }) => object);
    it('a log that was rewound or cut, also to the very end of a segment, by the object that is missing', async () => {
      rewind(2);
      expect(await verify([])).toEqual([]);
      expect(await objects()).toEqual(['segments/000000000005.txt']);
    });
    it('a log that was forked behind the last one that agrees', async () => {
      await fork(join(root, 'forked'), 5);
      expect(await verify([], join(root, 'forked'))).toEqual([]);
      const faults = await verify(kept(), join(root, 'forked'));
      expect(new Set(faults.map(({ object }) => object))).toEqual(new Set(['checkpoint checkpoint-000000000007.txt']));
      expect(faults[0]?.reason).toContain('of another log than this one');
    });
    it('a forked checkpoint beside the true one, though the recorder signed both', async () => {
      const forked = await fork(join(root, 'forked'), 5);
      const text = forked.checkpoint().note;
      expect(await objects([...kept(), { name: 'forked.txt', text }])).toContain('checkpoint forked.txt');
      rewind(2);
      const reasons = (await verify([...kept(), { name: 'forked.txt', text }])).map(({ reason }) => reason);
      expect(reasons.join('\n')).toContain('is forked');
    });
    it('a wrong proof, and one that says it is of a larger log', async () => {
      const { note, size } = log.checkpoint();
      const proof = [...log.consistency(3, size)];
      const wrong = [proof.slice(1), [...proof].reverse(), [...proof, Buffer.alloc(32)], []];
      for (const path of wrong)
        expect(await objects([{ name: 'x', text: publishedText(note, 3, path) }])).toEqual(['checkpoint x']);
      expect(await objects([{ name: 'x', text: publishedText(note, 4, proof) }])).toEqual(['checkpoint x']);
      expect(await objects([{ name: 'x', text: publishedText(note, 8, []) }])).toEqual(['checkpoint x']);
      expect(await objects([{ name: 'x', text: publishedText(note, 3, proof) }])).toEqual([]);
    });
    it('a log that one who has the recorder key wrote anew, well signed and hashed', async () => {
      segmentsOnDisk(archive()).rewrite(1, (payload) => ({
        ...payload,
        body: { ...payload.body, detail: 'anew' } as never,
      }));
      expect(await verify([])).toEqual([]);
      expect((await objects()).length).toBeGreaterThan(0);
    });
    it('any byte of them that was changed', async () => {
      const one = fc.record({ file: fc.nat({ max: 1 }), place: fc.nat(), bit: fc.integer({ min: 0, max: 7 }) });
      await fc.assert(
        fc.asyncProperty(one, async ({ file, place, bit }) => {
          const bytes = Buffer.from(kept()[file]?.text ?? '', 'utf8');
          const at = place % bytes.length;
          bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
          expect(await objects([{ name: 'x', text: bytes.toString('utf8') }])).toContain('checkpoint x');
        }),
        { numRuns: 60 },
      );
    });
    it('what is no checkpoint of the recorder', async () => {
      const tree = new MerkleTree();
      tree.append(recordLeaf('a'.repeat(64)));
      const texts = [
        '',
        'hello',
        'old 3\n',
        `old 3\n${log.checkpoint().note}`,
        signCheckpoint(executor.signer, log.head()),
        'x'.repeat(40_000),
      ];
      for (const text of texts) expect(await objects([{ name: 'x', text }])).toEqual(['checkpoint x']);
      const other = signCheckpoint(recorder.signer, { ...log.head(), origin: 'other/log' });
      expect(await objects([{ name: 'x', text: other }])).toEqual(['checkpoint x']);
    });
  });

  it('are brought to `holdpoint verify` as a file or a folder', async () => {
    const keysFile = join(root, 'keys.json');
    writeFileSync(keysFile, JSON.stringify(pinned));
    const run = (place: string) =>
      holdpoint(['verify', '--archive', archive(), '--keys', keysFile, '--checkpoint', place, '--json'], {
        env: { HOLDPOINT_HOME: '' },
      });
    expect((await run(folder())).status).toBe(0);
    expect((await run(join(folder(), files()[0] ?? ''))).status).toBe(0);
    expect((await run(join(root, 'nowhere'))).status).not.toBe(0);
    rewind(1);
    expect((await run(join(folder(), files()[0] ?? ''))).status).toBe(0);
    const ran = await run(folder());
    expect([ran.status, ran.out]).toEqual([1, expect.stringContaining('segments/000000000006.txt')]);
    appendFileSync(join(folder(), 'notes.txt'), 'hello');
    expect((await run(folder())).out).toContain('checkpoint notes.txt');
  });

  it('go to a webhook, signed, again until it took them, and never followed elsewhere', async () => {
    const secret = `whsec_${Buffer.alloc(24, 3).toString('base64')}`;
    const got: { body: string; headers: Record<string, string> }[] = [];
    let status = 400;
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        got.push({ body: Buffer.concat(chunks).toString(), headers: request.headers as Record<string, string> });
        response.writeHead(status).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/add-checkpoint`;
    const both = await places({ url, secret });
    expect(await codeFrom(publish({ log, places: both, logger }))).toBe('STORE_AWAY');
    status = 200;
    await publish({ log, places: both, logger });
    await grow(2);
    await publish({ log, places: both, logger });
    server.close();
    const texts = got.map(({ body }) => (JSON.parse(body) as { published: string }).published);
    expect(texts.map((text) => text.split('\n')[0])).toEqual(['old 0', 'old 0', 'old 7']);
    const [, , last] = got;
    new Webhook(secret).verify(last?.body ?? '', last?.headers ?? {});
    expect(openPublished(texts[2] ?? '', pinned).checkpoint).toMatchObject({ size: 9 });
  });
});
