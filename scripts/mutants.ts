import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Mutant } from './mutants/mutant.ts';
import { parseMutant } from './mutants/mutant.ts';
import { apply, copyTree, endsOf, type Ran, runNamedTests, unapply } from './mutants/working-copy.ts';

type Result = { readonly name: string; readonly kind: 'killed' | 'survived' | 'broken'; readonly why: string };

/**
 * A test that cannot fail protects nothing. Each patch in `test/mutants/` removes one protection from a copy of the tree;
 * its named test must pass without the patch and fail with it. Exit status 1 when one survives or does not run.
 */
async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  const mutants = readdirSync('test/mutants')
    .filter((file) => file.endsWith('.patch'))
    .sort()
    .map((file) => parseMutant(file, readFileSync(join('test/mutants', file), 'utf8')))
    .filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
  const copy = mkdtempSync(join(tmpdir(), 'holdpoint-mutants-'));
  try {
    copyTree(copy);
    const results: Result[] = [];
    for (const [testFile, own] of byTestFile(mutants)) {
      const titles = own.map(({ title }) => title);
      const before = await runNamedTests(copy, testFile, titles);
      for (const mutant of own) {
        const result = await judge(mutant, copy, before);
        results.push(result);
        process.stdout.write(`${result.kind.padEnd(8)} ${result.name}: ${result.why}\n`);
      }
    }
    const killed = results.filter(({ kind }) => kind === 'killed').length;
    process.stdout.write(`${killed} of ${results.length} mutants killed\n`);
    if (killed !== results.length || results.length === 0) process.exitCode = 1;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** The tests of one file are run once without any patch, for all of its mutants. */
function byTestFile(mutants: readonly Mutant[]): Map<string, Mutant[]> {
  const files = new Map<string, Mutant[]>();
  for (const mutant of mutants) files.set(mutant.testFile, [...(files.get(mutant.testFile) ?? []), mutant]);
  return files;
}

async function judge(mutant: Mutant, copy: string, unpatched: Ran): Promise<Result> {
  const { name, title, testFile } = mutant;
  const before = endsOf(unpatched, title);
  if (before.passed === 0 || before.failed > 0)
    return { name, kind: 'broken', why: `without the patch: ${before.says}` };
  try {
    apply(copy, mutant);
  } catch (error) {
    return { name, kind: 'broken', why: `the patch does not apply: ${(error as Error).message.slice(0, 300)}` };
  }
  try {
    const after = endsOf(await runNamedTests(copy, testFile, [title]), title);
    if (after.failed > 0) return { name, kind: 'killed', why: title };
    // A tree that does not even load is no proof that the test sees the missing protection.
    if (after.passed === 0) return { name, kind: 'broken', why: `with the patch: ${after.says}` };
    return { name, kind: 'survived', why: `still passes: ${title}` };
  } finally {
    unapply(copy, mutant);
  }
}

await main();
