import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { downloadVerified } from '../../servers/download.ts';
import type { Recipe } from '../../servers/resolve.ts';
import { resolveServer, runStep } from '../../servers/resolve.ts';
import { kubernetesModule, kubernetesRecipes, resolveKubernetes } from '../../servers/resolve-kubernetes.ts';
import { temporalRecipe } from '../../servers/resolve-temporal.ts';
import { testServerRecipe } from '../../servers/resolve-test-server.ts';
import { versitygwRecipe } from '../../servers/resolve-versitygw.ts';
import type { Probe } from '../support/probe.ts';
import { buildProbe } from '../support/probe.ts';

let dir: string;
let probe: Probe;
const children: ChildProcess[] = [];
const quiet = (): void => {};

beforeAll(async () => {
  probe = await buildProbe('test/servers/resolve-probe.ts');
});
afterAll(() => probe.remove());
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'holdpoint-resolve-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(dir, { recursive: true, force: true });
});

function executable(...path: string[]): string {
  const file = join(dir, ...path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, '#!/bin/sh\nexit 0\n');
  chmodSync(file, 0o755);
  return file;
}

const makes = (text: string): Recipe['makers'][number] => ({
  how: text,
  make: async (draft) => writeFileSync(join(draft, 'server'), text, { mode: 0o755 }),
});
const fails = (how: string): Recipe['makers'][number] => ({
  how,
  make: () => Promise.reject(new Error(`${how} is away`)),
});
const recipe = (makers: Recipe['makers']): Recipe => ({
  name: 'server',
  version: '7',
  variable: 'SERVER_BIN',
  command: 'server',
  executable: 'server',
  makers,
  install: 'install Server 7',
});
const env = (extra: Record<string, string> = {}) => ({ HOLDPOINT_CACHE: join(dir, 'cache'), PATH: '', ...extra });

function runProbe(buildMs: number): {
  pid: number;
  done: Promise<{ path: string; said: string; code: number | null }>;
} {
  const child = spawn(process.execPath, [probe.file, join(dir, 'count'), String(buildMs)], {
    env: { PATH: process.env.PATH ?? '', HOLDPOINT_CACHE: join(dir, 'cache') },
  });
  children.push(child);
  let path = '';
  let said = '';
  child.stdout.on('data', (chunk) => {
    path += chunk;
  });
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const done = new Promise<{ path: string; said: string; code: number | null }>((resolve) => {
    child.on('close', (code) => resolve({ path, said, code }));
  });
  return { pid: child.pid ?? 0, done };
}
const timesMade = (): number =>
  existsSync(join(dir, 'count')) ? readFileSync(join(dir, 'count'), 'utf8').trim().split('\n').length : 0;

describe('the search for a server', () => {
  it('believes the variable first, then PATH, then the cache, then makes one', async () => {
    const named = executable('named', 'server');
    const onPath = executable('path', 'server');
    const paths = { SERVER_BIN: named, PATH: join(dir, 'path') };
    expect(await resolveServer(recipe([fails('any')]), quiet, env(paths))).toBe(named);
    expect(await resolveServer(recipe([fails('any')]), quiet, env({ PATH: paths.PATH }))).toBe(onPath);
    const made = await resolveServer(recipe([makes('fresh')]), quiet, env());
    expect(made).toBe(join(dir, 'cache', 'server-7', 'server'));
    expect(await resolveServer(recipe([fails('any')]), quiet, env())).toBe(made);
  });

  it('refuses a variable that names no executable, instead of searching on', async () => {
    executable('path', 'server');
    const asked = resolveServer(
      recipe([makes('fresh')]),
      quiet,
      env({ SERVER_BIN: '/nonexistent', PATH: join(dir, 'path') }),
    );
    await expect(asked).rejects.toMatchObject({
      code: 'SERVER_MISSING',
      message: expect.stringContaining('SERVER_BIN'),
    });
  });

  it('goes on to the next way when one fails', async () => {
    const said: string[] = [];
    const made = await resolveServer(recipe([fails('download'), makes('built')]), (line) => said.push(line), env());
    expect(readFileSync(made, 'utf8')).toBe('built');
    expect(said.join('\n')).toContain('download is away');
  });

  it('says everything it tried and what to install when nothing works, and keeps no leftovers', async () => {
    const asked = resolveServer(recipe([fails('download'), fails('build')]), quiet, env());
    await expect(asked).rejects.toMatchObject({
      code: 'SERVER_MISSING',
      message: expect.stringMatching(/download is away.*build is away.*install Server 7/s),
    });
    expect(readdirSync(join(dir, 'cache'))).toEqual([]);
  });

  it('takes no way for done that left no executable', async () => {
    const empty = { how: 'an empty archive', make: () => Promise.resolve() };
    await expect(resolveServer(recipe([empty]), quiet, env())).rejects.toMatchObject({ code: 'SERVER_MISSING' });
  });

  it('names what to install for each of our own servers', () => {
    expect(temporalRecipe.install).toMatch(/Temporal CLI.*Go.*HOLDPOINT_TEMPORAL_BIN/);
    expect(testServerRecipe.install).toMatch(/Java.*Maven.*HOLDPOINT_TEST_SERVER_BIN/);
    expect(versitygwRecipe.install).toMatch(/versitygw.*Go.*HOLDPOINT_VERSITYGW_BIN/);
    expect(kubernetesRecipes.etcd.install).toMatch(/etcd.*Go.*HOLDPOINT_ETCD_BIN/);
    expect(kubernetesRecipes.apiserver.install).toMatch(/kube-apiserver.*Go.*HOLDPOINT_KUBE_APISERVER_BIN/);
    expect(kubernetesRecipes.kwok.install).toMatch(/kwok.*Go.*HOLDPOINT_KWOK_BIN/);
  });

  it('says at least every ten seconds that a long step still runs', async () => {
    const said: string[] = [];
    const log = (line: string): void => void said.push(line);
    await runStep('sleep', ['0.5'], { cwd: dir, log, what: 'building', everyMs: 100 });
    expect(said.length).toBeGreaterThanOrEqual(2);
    expect(said[0]).toContain('building: still working');
  });
});

describe('the programs of a cluster', () => {
  it('are each found by their own variable, or on PATH', async () => {
    const onPath = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'].map((name) =>
      executable('path', name),
    );
    const kwok = executable('named', 'kwok');
    const found = await resolveKubernetes({
      log: quiet,
      env: env({ PATH: join(dir, 'path'), HOLDPOINT_KWOK_BIN: kwok }),
    });
    expect(Object.values(found)).toEqual([...onPath, kwok]);
  });

  it('are refused one by one: a variable that names nothing is an error also when all others are there', async () => {
    for (const name of ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kwok']) executable('path', name);
    const asked = resolveKubernetes({
      log: quiet,
      env: env({ PATH: join(dir, 'path'), HOLDPOINT_KUBE_SCHEDULER_BIN: '/nonexistent' }),
    });
    await expect(asked).rejects.toMatchObject({
      code: 'SERVER_MISSING',
      message: expect.stringContaining('HOLDPOINT_KUBE_SCHEDULER_BIN'),
    });
  });

  it('share one folder, so that the first that is missing builds them all', () => {
    const { kwok, ...cluster } = kubernetesRecipes;
    expect(new Set(Object.values(cluster).map(({ name, version }) => `${name}-${version}`)).size).toBe(1);
    expect(kwok.name).toBe('kwok');
  });

  it('are built from modules of one version, all of them pinned by hash', () => {
    const module = readFileSync(join(kubernetesModule(), 'go.mod'), 'utf8');
    const { version } = kubernetesRecipes.apiserver;
    expect(module).toContain(`\tk8s.io/kubernetes v${version} `);
    const staged = [...module.matchAll(/^\t(k8s\.io\/\S+) => (\S+) v0\.(\S+)$/gm)];
    expect(staged.length).toBeGreaterThan(30);
    expect(staged.filter(([, from, to, minor]) => from !== to || `1.${minor}` !== version)).toEqual([]);
    expect(readFileSync(join(kubernetesModule(), 'go.sum'), 'utf8')).toContain(`k8s.io/kubernetes v${version} h1:`);
  });
});

describe('two runs that need the same server', () => {
  it('make it once', async () => {
    const runs = await Promise.all([runProbe(1_500), runProbe(1_500), runProbe(1_500)].map(({ done }) => done));
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(new Set(runs.map(({ path }) => path)).size).toBe(1);
    expect(timesMade()).toBe(1);
    expect(runs.filter(({ said }) => said.includes('waiting for another run'))).toHaveLength(2);
  });

  it('do not wait for one that was killed while it built', async () => {
    const first = runProbe(60_000);
    while (timesMade() === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    process.kill(first.pid, 'SIGKILL');
    await first.done;
    const next = await Promise.all([runProbe(100), runProbe(100)].map(({ done }) => done));
    expect(next.map(({ code }) => code)).toEqual([0, 0]);
    expect(timesMade()).toBe(2);
    expect(readdirSync(join(dir, 'cache'))).toEqual(['probe-1']);
  });

  it('take over the lock of a pid that now belongs to another program', async () => {
    mkdirSync(join(dir, 'cache'));
    const holder = { pid: process.pid, started: '1', host: hostname(), token: 'x' };
    writeFileSync(join(dir, 'cache', 'probe-1.lock'), JSON.stringify(holder));
    expect(await runProbe(0).done).toMatchObject({ code: 0 });
  });
});

describe('a download', () => {
  async function serving<T>(body: string | null, work: (url: string) => Promise<T>): Promise<T> {
    const server = createServer((_request, response) => {
      if (body !== null) response.end(body); // null: never answers
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      return await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}/x`);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }
  const sha256OfHello = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';

  it('is kept when it is the very file', async () => {
    await serving('hello', (url) => downloadVerified(url, sha256OfHello, join(dir, 'file'), quiet));
    expect(readFileSync(join(dir, 'file'), 'utf8')).toBe('hello');
  });

  it('is refused, unwritten, when it is another', async () => {
    const got = serving('evil', (url) => downloadVerified(url, sha256OfHello, join(dir, 'file'), quiet));
    await expect(got).rejects.toThrow(/checksum: expected 2cf24d/);
    expect(existsSync(join(dir, 'file'))).toBe(false);
  });

  it('is given up within seconds when nobody answers', async () => {
    const began = performance.now();
    const got = serving(null, (url) => downloadVerified(url, sha256OfHello, join(dir, 'file'), quiet));
    await expect(got).rejects.toThrow('no answer');
    expect(performance.now() - began).toBeLessThan(8_000);
  });
});
