import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { HoldpointError } from '../contracts/errors.ts';
import { Sha256 } from '../contracts/values.ts';
import { projectRoot } from './project.ts';

const Current = z.strictObject({ buildId: z.string().regex(/^[0-9a-f]{16}$/), sha256: Sha256 });
const Build = z.strictObject({ judgeBuild: Sha256 });
export type WorkflowBundle = z.infer<typeof Current>;

function readBuilt<T extends z.ZodType>(schema: T, ...path: string[]): z.infer<T> {
  const file = join(projectRoot(), 'dist', ...path);
  const parsed = existsSync(file) ? schema.safeParse(JSON.parse(readFileSync(file, 'utf8'))) : null;
  if (parsed?.success) return parsed.data;
  throw new HoldpointError('INTERNAL', `\`dist/${path.join('/')}\`: not built, run \`npm run build\``);
}

/** Hash of the judging code of this build. */
export const judgeBuild = (): string => readBuilt(Build, 'build.json').judgeBuild;

/** Path of a process of this build. Throws `INTERNAL` when it was not built. */
export function builtProcess(name: string): string {
  const file = join(projectRoot(), 'dist', 'workers', `${name}.js`);
  if (existsSync(file)) return file;
  throw new HoldpointError('INTERNAL', `\`dist/workers/${name}.js\`: not built, run \`npm run build\``);
}

/**
 * Copies this build's workflow bundle into a folder where earlier ones stay: an open run keeps the code it started with.
 */
export function keepBundle(dir: string): WorkflowBundle {
  const current = readBuilt(Current, 'workflows', 'current.json');
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const kept = join(dir, `${current.buildId}.js`);
  if (!existsSync(kept)) {
    copyFileSync(join(projectRoot(), 'dist', 'workflows', `${current.buildId}.js`), `${kept}.new`);
    renameSync(`${kept}.new`, kept);
  }
  writeFileSync(join(dir, 'current.json.new'), `${JSON.stringify(current)}\n`);
  renameSync(join(dir, 'current.json.new'), join(dir, 'current.json'));
  return current;
}
