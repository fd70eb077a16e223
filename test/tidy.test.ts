import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorCodes } from '../contracts/errors.ts';

const root = join(import.meta.dirname, '..');
const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsNow(file));
const sources = tracked.filter((file) => file.endsWith('.ts'));

function existsNow(file: string): boolean {
  try {
    readFileSync(join(root, file));
    return true;
  } catch {
    return false;
  }
}
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const roomOf = (file: string): string => file.split('/')[0] ?? '';

type Import = { readonly file: string; readonly target: string; readonly typeOnly: boolean };

/** Every static import and re-export. A side-effect or dynamic import counts as one of values. */
function importsOf(file: string): Import[] {
  const pattern =
    /^(import|export)\s+(type\s+)?(?:[^'"`;]*?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gms;
  return [...read(file).matchAll(pattern)].map((match) => {
    const spec = match[3] ?? match[4] ?? '';
    const target = spec.startsWith('.') ? normalize(join(dirname(file), spec)) : spec;
    return { file, target, typeOnly: match[2] !== undefined };
  });
}

const parsers = new Set([
  'zod',
  'yaml',
  'libpg-query',
  'unbash',
  '@cedar-policy/cedar-wasm/nodejs',
  'canonicalize',
  'node:crypto',
]);

/** What each room may import. A prefix ending in `/` is a room of ours; anything else is a package, or a Node builtin. */
const walls: Readonly<Record<string, (target: string, typeOnly: boolean, file: string) => boolean>> = {
  contracts: (target) => target.startsWith('contracts/') || target === 'zod',
  policies: (target) =>
    within(target, ['contracts/', 'policies/']) || parsers.has(target) || target.startsWith('@noble/hashes/'),
  workflows: (target, typeOnly) =>
    target.startsWith('workflows/') ||
    ['contracts/queues.ts', 'policies/digest.ts', 'policies/recovery-pauses.ts', 'policies/visible.ts'].includes(
      target,
    ) ||
    (typeOnly && within(target, ['contracts/', 'activities/'])) ||
    ['@temporalio/workflow', '@temporalio/common'].includes(target),
  activities: (target, _typeOnly, file) =>
    within(target, ['contracts/', 'policies/', 'activities/', 'workflows/messages.ts']) &&
    !(file.startsWith('activities/reason/') && target.startsWith('activities/tools/')) &&
    !(file.startsWith('activities/tools/') && target.startsWith('activities/reason/')),
  gateway: (target) => within(target, ['contracts/', 'policies/', 'workflows/messages.ts', 'gateway/']),
  cli: (target) =>
    within(target, [
      'contracts/',
      'policies/',
      'workflows/messages.ts',
      'gateway/webhooks/',
      'gateway/kill.ts',
      'gateway/incidents/',
      'gateway/shown/',
      'activities/record/',
      'servers/',
      'cli/',
    ]),
  servers: (target) => within(target, ['contracts/', 'policies/', 'workflows/search-attributes.ts', 'servers/']),
};
const rooms = [
  'contracts',
  'policies',
  'workflows',
  'activities',
  'gateway',
  'cli',
  'servers',
  'workers',
  'test',
  'bench',
  'scripts',
];

const within = (target: string, allowed: readonly string[]): boolean =>
  !rooms.includes(roomOf(target)) || allowed.some((prefix) => target.startsWith(prefix));

/** Rooms whose wall also names the packages they may use; the others may use any package and any Node builtin. */
const closedToPackages = new Set(['contracts', 'policies', 'workflows']);

describe('import walls', () => {
  const imports = sources.filter((file) => walls[roomOf(file)] !== undefined).flatMap(importsOf);

  it('lets each room import only what its wall names', () => {
    const broken = imports.filter(({ file, target, typeOnly }) => {
      const wall = walls[roomOf(file)];
      const isPackage = !rooms.includes(roomOf(target));
      if (isPackage && !closedToPackages.has(roomOf(file))) return false;
      return wall !== undefined && !wall(target, typeOnly, file);
    });
    expect(broken).toEqual([]);
  });

  it('spawns the processes of workers/ and never imports them', () => {
    const all = sources.filter((file) => roomOf(file) !== 'test').flatMap(importsOf);
    const importers = all.filter(({ file, target }) => target.startsWith('workers/') && roomOf(file) !== 'workers');
    expect(importers).toEqual([]);
    const entries = new Set(
      ['orchestrator', 'reasoner', 'executor', 'recorder', 'gateway', 'broker'].map((name) => `workers/${name}.ts`),
    );
    expect(all.filter(({ target }) => entries.has(target))).toEqual([]);
  });

  it('lets nothing that zod is reachable from into the workflow sandbox', () => {
    const seen = new Set<string>();
    const visit = (file: string): void => {
      if (seen.has(file) || !sources.includes(file)) return;
      seen.add(file);
      for (const { target, typeOnly } of importsOf(file)) if (!typeOnly) visit(target);
    };
    for (const file of sources) if (roomOf(file) === 'workflows') visit(file);
    const reached = [...seen].flatMap(importsOf).filter(({ target, typeOnly }) => target === 'zod' && !typeOnly);
    expect(reached).toEqual([]);
  });
});

/** Top-level and nested functions by brace counting over formatted source: the formatter makes the shape reliable. */
function longFunctions(file: string, linesMax: number): string[] {
  const lines = read(file).split('\n');
  const found: string[] = [];
  lines.forEach((line, start) => {
    const head =
      /^(\s*)(?:export )?(?:async )?(?:function\b|(?:const|let) \w+ = (?:async )?(?:<[^>]*>)?\(.*=> \{$|(?:async )?\w+\(.*\).*\{$)/.exec(
        line,
      );
    if (head === null || /^\s*(if|for|while|switch|catch|describe|it|return|else)\b/.test(line)) return;
    const close = lines.findIndex((other, at) => at > start && other.startsWith(`${head[1]}}`));
    if (close !== -1 && close - start + 1 > linesMax) found.push(`${file}:${start + 1} is ${close - start + 1} lines`);
  });
  return found;
}

describe('sizes and names', () => {
  it('keeps source files within 300 lines, and test files within 400', () => {
    const long = sources
      .map((file) => ({ file, lines: read(file).split('\n').length - 1, max: roomOf(file) === 'test' ? 400 : 300 }))
      .filter(({ lines, max }) => lines > max);
    expect(long).toEqual([]);
  });

  it('keeps functions within 60 lines', () => {
    expect(sources.filter((file) => roomOf(file) !== 'test').flatMap((file) => longFunctions(file, 60))).toEqual([]);
  });

  it('names files in kebab case, for what they hold', () => {
    const vague = /^(utils?|helpers?|common|managers?|misc)\.ts$/;
    expect(
      sources
        .map((file) => basename(file))
        .filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.(test|config))?\.ts$/.test(name) || vague.test(name)),
    ).toEqual([]);
  });

  it('has no barrel but the list of registered workflows', () => {
    expect(sources.filter((file) => basename(file) === 'index.ts' && file !== 'workflows/index.ts')).toEqual([]);
  });
});

describe('what the repository says', () => {
  it('leaves no unfinished mark and no machine path in what is tracked', () => {
    const marks = [['TO', 'DO'].join(''), ['FIX', 'ME'].join(''), ['/work', '/main'].join(''), ['/root', '/'].join('')];
    const texts = tracked.filter(
      (file) => /\.(ts|md|ya?ml|json|sh|sql)$|Dockerfile|run$/.test(file) && file !== 'package-lock.json',
    );
    const hits = texts.flatMap((file) =>
      marks.filter((mark) => read(file).includes(mark)).map((mark) => `${file}: ${mark}`),
    );
    expect(hits).toEqual([]);
  });

  it('explains every error code, and no code that is not there', () => {
    const explained = [...read('docs/errors.md').matchAll(/^\| `([A-Z_]+)` \|/gm)].map((match) => match[1] ?? '');
    expect([...explained].sort()).toEqual([...errorCodes].sort());
  });

  it('can still apply every mutant, and runs a test that is there for each', () => {
    const patches = tracked.filter((file) => file.endsWith('.patch'));
    const broken = patches.filter((file) => {
      const run = spawnSync('git', ['apply', '--recount', '--check', file], { cwd: root });
      const [, test = '', title = ''] = /^test: (.+)\ntitle: (.+)$/m.exec(read(file)) ?? [];
      return run.status !== 0 || !sources.includes(test) || title === '';
    });
    expect(broken).toEqual([]);
  });

  it('throws every error code that it declares', () => {
    const code = sources
      .filter((file) => roomOf(file) !== 'test' && file !== 'contracts/errors.ts')
      .map(read)
      .join('\n');
    expect(errorCodes.filter((name) => !code.includes(`'${name}'`))).toEqual([]);
  });

  it('pins every dependency to an exact version', () => {
    const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<
      string,
      Record<string, string>
    >;
    const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
      ([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version),
    );
    expect(loose).toEqual([]);
  });
});
