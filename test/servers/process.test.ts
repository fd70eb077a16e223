import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PrivateKey } from '../../contracts/config.ts';
import { newDevelopmentKey, publicHalf } from '../../servers/keys.ts';
import { freePort } from '../../servers/ports.ts';
import type { Probe } from '../support/probe.ts';
import { buildProbe } from '../support/probe.ts';

let dir: string;
let probe: Probe;
let key: PrivateKey;
let port: number;
const children: ChildProcess[] = [];

beforeAll(async () => {
  probe = await buildProbe('test/servers/process-probe.ts');
});
afterAll(() => probe.remove());
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'holdpoint-process-'));
  key = newDevelopmentKey();
  port = await freePort();
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(dir, { recursive: true, force: true });
});

const config = (changes: object = {}) => ({
  v: 1,
  process: 'reasoner',
  mode: 'development',
  keys: { reasoner: [publicHalf(key)] },
  manifestDir: join(dir, 'manifests'),
  recorderUrl: 'http://127.0.0.1:1',
  health: { host: '127.0.0.1', port },
  ...changes,
});
type Running = { child: ChildProcess; said(): string; ended: Promise<{ code: number | null; signal: string | null }> };

function run(
  configuration: unknown,
  { secrets = { process: 'reasoner', key }, env = {} }: { secrets?: unknown; env?: Record<string, string> } = {},
): Running {
  const file = join(dir, 'config.json');
  writeFileSync(file, typeof configuration === 'string' ? configuration : JSON.stringify(configuration));
  const child = spawn(process.execPath, [probe.file], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH ?? '',
      HOLDPOINT_CONFIG: file,
      HOLDPOINT_SECRETS_FD: '3',
      HOLDPOINT_LIFELINE_FD: '4',
      ...env,
    },
  });
  children.push(child);
  let said = '';
  for (const out of [child.stdout, child.stderr]) out?.on('data', (chunk) => (said += chunk));
  const pipe = child.stdio[3] as Writable;
  pipe.on('error', () => {});
  pipe.end(typeof secrets === 'string' ? secrets : JSON.stringify(secrets));
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
  return { child, said: () => said, ended };
}

async function healthy(): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const answer = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => null);
    if (answer?.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('not healthy');
}

async function refusal(running: Running): Promise<string> {
  expect(await running.ended).toMatchObject({ code: 1 });
  return running.said();
}

describe('a process refuses to start', () => {
  const cases: [string, () => Running, RegExp][] = [
    ['without a configuration', () => run(config(), { env: { HOLDPOINT_CONFIG: '' } }), /BAD_INPUT.*HOLDPOINT_CONFIG/],
    ['with a configuration that is not JSON', () => run('{'), /BAD_INPUT.*expected JSON/],
    ['with a wrong field, which it names', () => run(config({ model: 'magic' })), /BAD_INPUT.*`model`/],
    ['with a field that nobody reads', () => run(config({ allowAll: true })), /BAD_INPUT.*allowAll/],
    [
      'with the configuration of another process',
      () => run(config({ process: 'gateway' })),
      /expected `reasoner`, got `gateway`/,
    ],
    [
      'with secrets of another process',
      () => run(config(), { secrets: { process: 'gateway', key } }),
      /expected `reasoner`/,
    ],
    ['with secrets that are not JSON', () => run(config(), { secrets: 'hunter22' }), /expected JSON/],
    [
      'with secrets from two places',
      () => run(config(), { env: { HOLDPOINT_SECRETS_FILE: '/dev/null' } }),
      /exactly one of/,
    ],
    [
      'with a key that is not pinned for it',
      () => run(config({ keys: { reasoner: [publicHalf(newDevelopmentKey())] } })),
      /not pinned for `reasoner`/,
    ],
    [
      'with a key whose halves do not match',
      () => run(config(), { secrets: { process: 'reasoner', key: { ...key, d: newDevelopmentKey().d } } }),
      /BAD_INPUT/,
    ],
    [
      'with a failpoint it cannot read',
      () => run(config(), { env: { HOLDPOINT_FAILPOINTS: 'now=explode' } }),
      /BAD_INPUT.*failpoints/,
    ],
  ];
  it.each(cases)('%s', async (_title, start, expected) => {
    expect(await refusal(start())).toMatch(expected);
  });

  it('and quotes no secret in saying so', async () => {
    const said = await refusal(run(config(), { secrets: { process: 'reasoner', key: { ...key, d: `${key.d}!` } } }));
    expect(said).toContain('key.d');
    expect(said).not.toContain(key.d);
  });
});

describe('in production', () => {
  const { kid: _made, ...unmarked } = newDevelopmentKey();
  const production = (changes: object = {}) =>
    config({ mode: 'production', keys: { reasoner: [publicHalf(unmarked)] }, ...changes });
  const secrets = { process: 'reasoner', key: unmarked };

  it('a process starts from keys that were not made for development', async () => {
    const running = run(production(), { secrets });
    await healthy();
    running.child.kill('SIGTERM');
    expect(await running.ended).toMatchObject({ code: 0 });
  });

  it('its own key must not be a development key', async () => {
    const said = await refusal(run(config({ mode: 'production' })));
    expect(said).toMatch(/BAD_INPUT.*`reasoner` was made for development/);
  });

  it('no key that it pins may be a development key', async () => {
    const keys = { reasoner: [publicHalf(unmarked)], platform: [publicHalf(newDevelopmentKey())] };
    expect(await refusal(run(production({ keys }), { secrets }))).toMatch(/`platform` was made for development/);
  });

  it('no manifest that it would load may be a development one', async () => {
    mkdirSync(join(dir, 'manifests'));
    writeFileSync(join(dir, 'manifests', 'manifest-3.json'), '{"manifest":{"payload":{"mode":"development"}}}');
    expect(await refusal(run(production(), { secrets }))).toMatch(/MANIFEST_DEVELOPMENT.*manifest-3\.json/);
  });

  it('no failpoint may be set', async () => {
    const running = run(production(), { secrets, env: { HOLDPOINT_FAILPOINTS: 'a=kill@/tmp/x' } });
    expect(await refusal(running)).toMatch(/HOLDPOINT_FAILPOINTS/);
  });
});

describe('the secrets of a process', () => {
  it('are in no environment, its own or its children`s, and in no log line', async () => {
    const running = run(config());
    await healthy();
    const own = readFileSync(`/proc/${running.child.pid}/environ`, 'utf8');
    const args = readFileSync(`/proc/${running.child.pid}/cmdline`, 'utf8');
    running.child.kill('SIGTERM');
    await running.ended;
    expect(own).toContain('HOLDPOINT_SECRETS_FD=3');
    expect(`${own}${args}`).not.toContain(key.d);
    expect(running.said()).toContain('environment of a child');
    expect(running.said()).toContain('"scrubbed":"x[redacted]x"');
    expect(running.said()).not.toMatch(new RegExp(`${key.d}|hunter22`));
  });

  it.each(['throw', 'fail'])('are not in its last words either (%s)', async (script) => {
    const said = await refusal(run(config({ script })));
    expect(said).toContain('[redacted]');
    expect(said).not.toContain(key.d);
  });
});

describe('the end of a process', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('is in order on %s', async (signal) => {
    const running = run(config());
    await healthy();
    running.child.kill(signal);
    expect(await running.ended).toEqual({ code: 0, signal: null });
    expect(running.said()).toContain('stopped in order');
  });

  it('comes with the end of its lifeline, so that none outlives its supervisor', async () => {
    const running = run(config());
    await healthy();
    (running.child.stdio[4] as Writable).destroy();
    expect(await running.ended).toEqual({ code: 0, signal: null });
    expect(running.said()).toContain('the supervisor is gone');
  });

  it('is status 1 when a promise was rejected and nobody caught it', async () => {
    expect(await refusal(run(config({ script: 'reject' })))).toContain('nobody caught this');
  });

  it('is status 1, in bounded time, when it cannot stop', async () => {
    const running = run(config({ script: 'hang' }));
    await healthy();
    running.child.kill('SIGTERM');
    expect(await refusal(running)).toContain('expected to stop within');
  });
});

describe('its doors', () => {
  it('serve health and metrics and nothing else', async () => {
    run(config());
    await healthy();
    const metrics = await fetch(`http://127.0.0.1:${port}/metrics`);
    expect(await metrics.text()).toContain('process_cpu_user_seconds_total');
    expect((await fetch(`http://127.0.0.1:${port}/config`)).status).toBe(404);
  });
});

describe('a failpoint', () => {
  const spec = () => ({ HOLDPOINT_FAILPOINTS: `probe.place=kill@${join(dir, 'marker')}` });

  it('kills the process at its place, once', async () => {
    const first = run(config({ script: 'failpoint' }), { env: spec() });
    expect(await first.ended).toEqual({ code: null, signal: 'SIGKILL' });
    expect(first.said()).toContain('before the place');
    expect(first.said()).not.toContain('after the place');
    const second = run(config({ script: 'failpoint' }), { env: spec() });
    await healthy();
    expect(second.said()).toContain('after the place');
  });

  it('freezes the process at its place until it is continued', async () => {
    const env = { HOLDPOINT_FAILPOINTS: `probe.place=stop@${join(dir, 'marker')}` };
    const running = run(config({ script: 'failpoint' }), { env });
    const state = (): string => readFileSync(`/proc/${running.child.pid}/stat`, 'utf8').split(') ')[1]?.[0] ?? '';
    while (state() !== 'T') await new Promise((resolve) => setTimeout(resolve, 20));
    expect(running.said()).not.toContain('after the place');
    running.child.kill('SIGCONT');
    await healthy();
    expect(running.said()).toContain('after the place');
  });
});
