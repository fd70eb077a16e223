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
  const placeless = withoutPlace(code);
  const hash = sha256(placeless);
  const buildId = hash.slice(0, 16);
  writeWhole(`dist/workflows/${buildId}.js`, placeless);
  writeWhole(current, `${JSON.stringify({ buildId, sha256: hash })}\n`);
  writeWhole(stamp, inputs);
  return `${buildId}, ${Math.ceil(placeless.length / 1_024)} KiB`;
}

/**
 * The same sources give the same bytes, wherever they lie: the manifest pins the hash. Only the inline source map names
 * absolute paths and a file name that is made from them.
 */
function withoutPlace(code: string): string {
  const mark = '//# sourceMappingURL=data:application/json;charset=utf-8;base64,';
  const at = code.lastIndexOf(mark);
  if (at === -1) return code;
  const map = JSON.parse(Buffer.from(code.slice(at + mark.length).trim(), 'base64').toString('utf8')) as SourceMap;
  const root = `${resolve('.')}/`;
  const clean = {
    ...map,
    file: 'workflow-bundle.js',
    sources: map.sources.map((source) => source.replace(root, '')),
    sourcesContent: map.sourcesContent.map((content) => content.replaceAll(root, '')),
  };
  return `${code.slice(0, at)}${mark}${Buffer.from(JSON.stringify(clean)).toString('base64')}\n`;
}
type SourceMap = {
  readonly file: string;
  readonly sources: readonly string[];
  readonly sourcesContent: readonly string[];
};
