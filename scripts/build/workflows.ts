import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { inputsHash, sha256, writeWhole } from './entries.ts';

const stamp = 'dist/workflows/.inputs';
const current = 'dist/workflows/current.json';

/**
 * The workflow bundle, `dist/workflows/<build id>.js`, and `current.json` that names it. It takes seconds, so it is made
 * again only when its sources or its toolchain changed. Earlier bundles stay: an open run may need one.
 */
export async function bundleWorkflows(): Promise<string> {
  const inputs = `${inputsHash(['workflows', 'contracts', 'policies'], (file) => readFileSync(file))} ${sha256(readFileSync('package-lock.json'))}\n`;
  if (existsSync(stamp) && existsSync(current) && readFileSync(stamp, 'utf8') === inputs) return 'unchanged';
  const { code } = await bundleWorkflowCode({
    workflowsPath: resolve('workflows/index.ts'),
    logger: new DefaultLogger('ERROR', ({ message }) => void process.stderr.write(`${message}\n`)),
  });
  const hash = sha256(code);
  const buildId = hash.slice(0, 16);
  writeWhole(`dist/workflows/${buildId}.js`, code);
  writeWhole(current, `${JSON.stringify({ buildId, sha256: hash })}\n`);
  writeWhole(stamp, inputs);
  return `${buildId}, ${Math.ceil(code.length / 1_024)} KiB`;
}
