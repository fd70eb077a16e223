import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Removes each protection in turn and shows its named test failing (`npm run test:mutants [-- NAME…]`).
 *
 * A mutant is a patch with a head of `key: value` lines: `protection` (what it removes), `test` (a file), `title` (the
 * test's whole title) and optionally `build: yes` when processes must be built again. Every named test is first run on
 * unchanged code, where it must pass: a test that always fails would prove nothing. Exit 1 when a mutant survives.
 */
type Mutant = {
  readonly name: string;
  readonly patch: string;
  readonly protection: string;
  readonly test: string;
  readonly title: string;
  readonly build: boolean;
};

const root = join(import.meta.dirname, '..');
const folder = join(root, 'test', 'mutants');

function readMutant(file: string): Mutant {
  const patch = readFileSync(join(folder, file), 'utf8');
  const head = patch.slice(0, patch.indexOf('\ndiff --git '));
  const value = (key: string): string | undefined => new RegExp(`^${key}: (.+)$`, 'm').exec(head)?.[1]?.trim();
  const need = (key: string): string => {
    const found = value(key);
    if (found === undefined) throw new Error(`test/mutants/${file}: expected a line \`${key}: …\` above the patch`);
    return found;
  };
  return {
    name: file.replace(/\.patch$/, ''),
    patch,
    protection: need('protection'),
    test: need('test'),
    title: need('title'),
    build: value('build') === 'yes',
  };
}

/** Runs one named test; says whether it ran, and passed. */
function runTest(tree: string, mutant: Mutant): 'passed' | 'failed' | 'did not run' {
  const pattern = mutant.title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const args = ['vitest', 'run', mutant.test, '-t', pattern, '--reporter=json'];
  const run = spawnSync('npx', args, {
    cwd: tree,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    env: { ...process.env, CI: '' },
  });
  const start = run.stdout.indexOf('{"numTotalTestSuites"');
  if (start === -1) return 'did not run';
  const report = JSON.parse(run.stdout.slice(start, run.stdout.lastIndexOf('}') + 1)) as {
    numPassedTests: number;
    numFailedTests: number;
  };
  if (report.numFailedTests > 0) return 'failed';
  return report.numPassedTests > 0 ? 'passed' : 'did not run';
}

function build(tree: string): void {
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: tree, stdio: ['ignore', 'ignore', 'inherit'] });
}

/** A clean copy of what is committed, so that a mutant never touches the work tree. */
function withTree<T>(use: (tree: string) => T): T {
  const tree = mkdtempSync(join(tmpdir(), 'holdpoint-mutants-'));
  try {
    execFileSync('git', ['clone', '--quiet', '--local', root, tree]);
    symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'));
    return use(tree);
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

function tryMutant(tree: string, mutant: Mutant): string {
  const apply = (...more: string[]) =>
    spawnSync('git', ['apply', '--recount', ...more, '-'], { cwd: tree, input: mutant.patch, encoding: 'utf8' });
  const applied = apply();
  if (applied.status !== 0) return `does not apply: ${applied.stderr.trim()}`;
  try {
    if (mutant.build) build(tree);
    const result = runTest(tree, mutant);
    return result === 'failed' ? 'killed' : result === 'passed' ? 'SURVIVED' : 'its test did not run';
  } finally {
    apply('--reverse');
  }
}

function main(names: readonly string[]): number {
  const all = readdirSync(folder)
    .filter((file) => file.endsWith('.patch'))
    .sort()
    .map(readMutant);
  const mutants = names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
  if (mutants.length === 0)
    throw new Error(`no mutant named ${names.join(', ')}; there are: ${all.map(({ name }) => name).join(', ')}`);
  return withTree((tree) => {
    build(tree);
    let left = 0;
    for (const [at, mutant] of mutants.entries()) {
      const before = runTest(tree, mutant);
      const result = before === 'passed' ? tryMutant(tree, mutant) : `its test ${before} on unchanged code`;
      if (mutant.build) build(tree);
      if (result !== 'killed') left++;
      console.log(
        `${at + 1}/${mutants.length} ${result === 'killed' ? 'killed  ' : 'NOT OK  '} ${mutant.name}: without «${mutant.protection}»${result === 'killed' ? '' : `: ${result}`}`,
      );
    }
    console.log(`${mutants.length - left} passed, ${left} failed`);
    return left === 0 ? 0 : 1;
  });
}

process.exitCode = main(process.argv.slice(2));
