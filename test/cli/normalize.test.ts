import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holdpoint } from './under-test.ts';

const body = {
  version: '4',
  status: 'firing',
  alerts: [
    {
      status: 'firing',
      labels: { alertname: 'A' },
      annotations: {},
      startsAt: '2026-01-31T09:30:00Z',
      fingerprint: 'f1',
    },
  ],
};
const good = (id: string): string => JSON.stringify({ id, system: 'alertmanager', headers: {}, body });
const run = async (stdin: string | Buffer): Promise<Record<string, unknown>[]> => {
  const ran = await holdpoint(['normalize', '--jsonl'], { stdin });
  expect(ran.status).toBe(0);
  return ran.out === '' ? [] : ran.out.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
};

describe('normalize --jsonl', () => {
  it('writes one line for each line, in order, and never stops at a bad one', async () => {
    const lines = await run([good('a'), '{', '', 'null', '[]', '{"id":"e"}', good('f')].join('\n'));
    expect(lines.map(({ id, ok }) => [id, ok])).toEqual([
      ['a', true],
      [null, false],
      [null, false],
      [null, false],
      [null, false],
      ['e', false],
      ['f', true],
    ]);
  });

  it('gives the alerts of a good line in the form that scripts rely on', async () => {
    const [line] = await run(good('a'));
    expect(line).toMatchObject({
      id: 'a',
      ok: true,
      alerts: [
        {
          fingerprint: 'f1',
          status: 'firing',
          labels: { alertname: 'A' },
          annotations: {},
          startsAt: '2026-01-31T09:30:00.000Z',
        },
      ],
    });
  });

  it('names what is wrong with a system that it does not know', async () => {
    const [line] = await run(JSON.stringify({ id: 'x', system: 'pagerduty', headers: {}, body }));
    expect(line).toMatchObject({ id: 'x', ok: false, error: { code: 'BAD_INPUT' } });
  });

  it('splits at newlines only: JSON may hold a raw line separator', async () => {
    const line = JSON.stringify({ id: 'u\u2028v', system: 'alertmanager', headers: {}, body });
    expect((await run(`${line}\r\n${good('b')}`)).map(({ id }) => id)).toEqual(['u\u2028v', 'b']);
  });

  it('answers a line that is longer than its bound, and goes on', async () => {
    const lines = await run(Buffer.concat([Buffer.alloc(9_000_000, 0x61), Buffer.from(`\n${good('b')}\n`)]));
    expect(lines.map(({ id, ok }) => [id, ok])).toEqual([
      [null, false],
      ['b', true],
    ]);
  });

  it('answers exactly as many lines as it is given, whatever they hold', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(fc.string(), fc.json()), { minLength: 1, maxLength: 20 }), async (texts) => {
        const given = texts.map((text) => text.replaceAll('\n', ' '));
        expect(await run(`${given.join('\n')}\n`)).toHaveLength(given.length);
      }),
      { numRuns: 50 },
    );
  });
});
