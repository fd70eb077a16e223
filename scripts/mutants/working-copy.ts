import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Mutant } from './mutant.ts';
import { needsOf } from './needs.ts';

/** Copies what git would commit, and shares the installed packages. */
export function copyTree(to: string): void {
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' });
  for (const file of files.split('\n').filter((name) => name !== '' && existsSync(name))) {
    mkdirSync(dirname(join(to, file)), { recursive: true });
    cpSync(file, join(to, file));
  }
  symlinkSync(resolve('node_modules'), join(to, 'node_modules'));
  if (existsSync('dist')) cpSync('dist', join(to, 'dist'), { recursive: true });
}

const git = (copy: string, args: readonly string[], input: string): void => {
  // The copy is no repository: without this git would look for one above it.
  const env = { ...process.env, GIT_CEILING_DIRECTORIES: dirname(copy) };
  execFileSync('git', ['apply', ...args, '-'], { cwd: copy, input, env, stdio: ['pipe', 'pipe', 'pipe'] });
};
export const apply = (copy: string, { patch }: Mutant): void => git(copy, [], patch);
export const unapply = (copy: string, { patch }: Mutant): void => git(copy, ['-R'], patch);

const runMsMax = 300_000;

/** Runs to its end or its limit; output is kept in memory, bounded. */
function run(
  command: string,
  args: readonly string[],
  cwd: string,
  extra: Readonly<Record<string, string>> = {},
): Promise<{ status: number | null; out: string }> {
  return new Promise((done) => {
    const env = { ...process.env, CI: '', ...extra };
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: runMsMax });
    let out = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        out = (out + chunk.toString('utf8')).slice(-4_000);
      });
    }
    child.once('error', (error) => done({ status: null, out: error.message }));
    child.once('close', (status) => done({ status, out }));
  });
}

type Assertion = { readonly fullName: string; readonly status: string };
type Report = { readonly testResults: readonly { readonly assertionResults: readonly Assertion[] }[] };
/** What the tests of one file answered: by full title, or why there is no answer at all. */
export type Ran = { readonly assertions: readonly Assertion[]; readonly says: string };

const pattern = (title: string): string => title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Builds the copy, where the tests use what is built, and runs the named tests of one file in it. A build or a suite that breaks answers no test at all. */
export async function runNamedTests(copy: string, testFile: string, titles: readonly string[]): Promise<Ran> {
  const needs = needsOf(copy, testFile);
  const built = needs.build ? await run('npm', ['run', '--silent', 'build'], copy) : { status: 0, out: '' };
  if (built.status !== 0) return { assertions: [], says: `does not build: ${built.out.slice(-400)}` };
  const report = join(copy, 'dist', 'mutant-report.json');
  rmSync(report, { force: true });
  const named = titles.map(pattern).join('|');
  const args = ['vitest', 'run', testFile, '-t', named, '--reporter=json', `--outputFile=${report}`];
  const { out } = await run('npx', args, copy, {
    HOLDPOINT_RETRY: '0',
    HOLDPOINT_TEST_SERVERS: needs.servers ? '' : 'none',
  });
  if (!existsSync(report)) return { assertions: [], says: out.slice(-400) };
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as Report;
  return { assertions: testResults.flatMap(({ assertionResults }) => assertionResults), says: out.slice(-400) };
}

/** How the tests that a mutant names ended. */
export function endsOf({ assertions, says }: Ran, title: string): { passed: number; failed: number; says: string } {
  const own = assertions.filter(({ fullName }) => fullName.includes(title));
  const passed = own.filter(({ status }) => status === 'passed').length;
  const failed = own.filter(({ status }) => status === 'failed').length;
  return { passed, failed, says: passed + failed === 0 ? says : `${passed} passed, ${failed} failed` };
}
