import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const root = resolve(import.meta.dirname, '../..');
const cache = join(root, 'node_modules/.cache/holdpoint-test');

const filesUnder = (dir: string): string[] =>
  readdirSync(join(root, dir), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();

/** The workflow bundle of the sources as they are, built once for each state of them: bundling takes seconds. */
export async function testBundle(entry = 'workflows/index.ts'): Promise<{ code: string }> {
  const hash = createHash('sha256').update(entry);
  for (const file of [...filesUnder('workflows'), ...filesUnder('policies'), ...filesUnder('contracts'), entry])
    hash.update(`${file}\n`).update(readFileSync(join(root, file)));
  const file = join(cache, `${hash.digest('hex')}.js`);
  if (!existsSync(file)) {
    const { code } = await bundleWorkflowCode({
      workflowsPath: join(root, entry),
      logger: new DefaultLogger('ERROR', ({ message }) => void process.stderr.write(`${message}\n`)),
    });
    mkdirSync(cache, { recursive: true });
    writeFileSync(`${file}.${process.pid}`, code);
    renameSync(`${file}.${process.pid}`, file);
  }
  return { code: readFileSync(file, 'utf8') };
}
