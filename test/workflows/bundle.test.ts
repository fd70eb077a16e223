import { builtinModules } from 'node:module';
import { beforeAll, describe, expect, it } from 'vitest';
import * as workflows from '../../workflows/index.ts';
import { testBundle } from './bundle.ts';

/** Every module that webpack put into the bundle, by the path in its source comments or source map. */
const modulesOf = (code: string): string[] => {
  const map = /sourceMappingURL=data:application\/json;charset=utf-8;base64,([A-Za-z0-9+/=]+)/.exec(code)?.[1];
  const { sources } = JSON.parse(Buffer.from(map ?? '', 'base64').toString('utf8')) as { sources: string[] };
  return sources;
};

describe('the workflow bundle', () => {
  let modules: string[] = [];
  let code = '';
  beforeAll(async () => {
    ({ code } = await testBundle());
    modules = modulesOf(code);
  }, 60_000);

  it('holds our workflows and little else', () => {
    expect(modules.some((file) => file.includes('workflows/incident.ts'))).toBe(true);
    const packages = new Set(modules.flatMap((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []));
    const allowed = [
      '@temporalio/common',
      '@temporalio/workflow',
      '@temporalio/worker',
      '@temporalio/proto',
      '@temporalio/activity',
      'nexus-rpc',
      'ms',
      'long',
    ];
    expect([...packages].filter((name) => !allowed.includes(name))).toEqual([]);
  });

  it.each(['zod', 'langgraph', 'langchain', 'libpg-query', 'yaml', 'pg/', '@temporalio/client', '@aws-sdk'])(
    'holds no %s',
    (name) => {
      expect(modules.filter((file) => file.includes(`node_modules/${name}`) || file.includes(`/${name}/`))).toEqual([]);
    },
  );

  it('holds no Node builtin', () => {
    const required = [...code.matchAll(/require\(\\?["']([^"'\\]+)\\?["']\)/g)].map(([, name]) => name ?? '');
    expect(required.filter((name) => builtinModules.includes(name.replace(/^node:/, '')))).toEqual([]);
    expect(modules.filter((file) => /external (commonjs )?"node:/.test(file))).toEqual([]);
  });

  it('holds none of our rooms but workflows, and the plain modules that they may use', () => {
    const ours = modules.flatMap(
      (file) =>
        /(?:^|\/)((?:contracts|policies|activities|gateway|cli|servers|workers)\/[\w./-]+\.ts)$/.exec(file)?.[1] ?? [],
    );
    const allowed = ['contracts/queues.ts', 'policies/digest.ts', 'policies/recovery-pauses.ts', 'policies/visible.ts'];
    expect(ours.filter((file) => !allowed.includes(file))).toEqual([]);
  });

  it('registers exactly the workflows that the index names', () => {
    expect(Object.keys(workflows)).toEqual(['governor', 'incident']);
  });

  it('would show a schema that came in through a workflow', async () => {
    const twin = await testBundle('test/workflows/with-schema.ts');
    expect(modulesOf(twin.code).filter((file) => file.includes('node_modules/zod')).length).toBeGreaterThan(0);
  }, 60_000);
});
