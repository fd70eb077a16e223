import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readNotifyFile } from '../../cli/local/notify-file.ts';

describe('the file that says where pages go', () => {
  const dir = mkdtempSync(join(tmpdir(), 'holdpoint-notify-file-'));
  const file = join(dir, 'notify.json');
  const routingKey = 'planted0routing0key0planted0key0';
  const read = (text: string) => {
    writeFileSync(file, text);
    return readNotifyFile(file);
  };
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('need not be there: then nobody is told', async () => {
    expect(await readNotifyFile(join(dir, 'another.json'))).toEqual([]);
  });
  it('names channels', async () => {
    const channels = await read(JSON.stringify([{ kind: 'pagerduty', name: 'oncall', routingKey }]));
    expect(channels).toMatchObject([{ name: 'oncall', routingKey, url: 'https://events.pagerduty.com/v2/enqueue' }]);
  });
  it.each([
    ['is no JSON', `[{"routingKey": ${routingKey}`, 'expected JSON'],
    ['has a field too many', JSON.stringify([{ kind: 'pagerduty', name: 'oncall', routingKey, key: routingKey }]), '0'],
    ['has a wrong key', JSON.stringify([{ kind: 'pagerduty', name: 'oncall', routingKey: `${routingKey}x` }]), '32'],
    ['has a kind that is none', JSON.stringify([{ kind: routingKey, name: 'oncall' }]), '0.kind'],
    [
      'has an address in the clear',
      JSON.stringify([{ kind: 'slack', name: 'a', url: `http://a/${routingKey}` }]),
      'https',
    ],
  ])('is refused when it %s, without a value of it in the message', async (_what, text, says) => {
    const refusal = await read(text).catch((error: Error) => error);
    expect(refusal).toMatchObject({ code: 'BAD_INPUT', message: expect.stringContaining(says) });
    expect(JSON.stringify(refusal) + (refusal as Error).message).not.toContain(routingKey);
  });
});
