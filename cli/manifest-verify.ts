import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { openManifest } from '../policies/manifest.ts';
import { loadSqlParser } from '../policies/sql-read.ts';
import { requireClientConfig } from './client-config.ts';
import { renderRules, summaryOf } from './connect/rules-summary.ts';
import type { Register } from './shell/command.ts';
import { answer, run, subcommand } from './shell/command.ts';
import { expectMode } from './shell/mode.ts';
import { Refusal } from './shell/refusal.ts';

/** `holdpoint manifest verify`: opens a file exactly as a process would, so that a refusal is seen before a rollout. */
export const manifestVerify: Register = (parent, { io, status }) => {
  subcommand(parent, 'verify', 'check a manifest file as a process would', [
    'holdpoint manifest verify manifest-7.json --mode production',
  ])
    .argument('<file>', 'a manifest-<version>.json')
    .option('--mode <mode>', 'production refuses what dev signed', 'development')
    .action(
      run({ io, status }, async (file: string, options: { mode: string; json?: boolean }) => {
        const { keys } = requireClientConfig(io);
        const mode = expectMode(options.mode);
        await loadSqlParser();
        const rules = openManifest({ raw: await readRaw(resolve(io.cwd, file)), keys, mode, now: Date.now() });
        return answer(io, options.json, { ok: true, ...summaryOf(rules) }, () => {
          for (const line of renderRules(rules)) io.out(line);
          io.out(io.paint.green('verified'));
        });
      }),
    );
};

async function readRaw(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    throw new Refusal(
      'BAD_INPUT',
      `\`${file}\`: expected a JSON file that can be read`,
      'name a manifest-<version>.json',
    );
  }
}
