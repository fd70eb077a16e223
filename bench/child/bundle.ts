import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { projectRoot } from '../../servers/project.ts';

/** Bundles the workflows of `bench/<entry>.ts` into a folder, and answers the file. */
export async function bundleBenchWorkflows(entry: string, dir: string): Promise<string> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(projectRoot(), 'bench', `${entry}.ts`),
    logger: new DefaultLogger('ERROR', ({ message }) => void process.stderr.write(`${message}\n`)),
  });
  const file = join(dir, `${entry.replaceAll('/', '-')}.js`);
  await writeFile(file, code);
  return file;
}
