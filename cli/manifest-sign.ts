import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { PrivateKey } from '../contracts/config.ts';
import { buildManifest } from '../policies/manifest.ts';
import { createSigner, firstIssue } from '../policies/signing.ts';
import { defaultPolicy } from '../servers/publish.ts';
import { manifestFiles } from './connect/rules.ts';
import { readPolicyFiles } from './local/policy-files.ts';
import { loadRunbookFiles, readRunbookFiles } from './local/runbook-files.ts';
import type { Register } from './shell/command.ts';
import { answer, run, subcommand } from './shell/command.ts';
import type { Io } from './shell/io.ts';
import { expectMode } from './shell/mode.ts';
import { readText } from './shell/read-text.ts';
import { Refusal, WrongUse } from './shell/refusal.ts';

type Options = {
  readonly runbooks: string;
  readonly policies?: string;
  readonly approvers: string;
  readonly powers: string;
  readonly limits: string;
  readonly bundle: string;
  readonly judgeBuild: string;
  readonly key: string;
  readonly out: string;
  readonly days: string;
  readonly mode: string;
  readonly json?: boolean;
};
const daysMax = 400;

/** `holdpoint manifest sign`: the platform team's act. What a process would refuse to load is not signed. */
export const manifestSign: Register = (parent, { io, status }) => {
  subcommand(parent, 'sign', 'sign runbooks, approvers, powers, limits and builds into the next manifest', [
    'holdpoint manifest sign --runbooks runbooks --approvers approvers.yaml --powers powers.yaml --limits limits.yaml \\',
    '      --bundle SHA256 --judge-build SHA256 --key platform.jwk.json --out manifests --mode production',
  ])
    .requiredOption('--runbooks <dir>', 'folder of runbook files')
    .option('--policies <dir>', 'folder of organisation policies, *.cedar (default: the one that is shipped)')
    .requiredOption('--approvers <file>', 'the approver directory')
    .requiredOption('--powers <file>', 'who may make which statement')
    .requiredOption('--limits <file>', 'the limits')
    .requiredOption('--bundle <sha256>', 'of the workflow bundle: dist/workflows/current.json')
    .requiredOption('--judge-build <sha256>', 'of the judge: dist/build.json')
    .requiredOption('--key <file>', "the platform's private key, a JSON Web Key")
    .requiredOption('--out <dir>', 'folder of manifests; the next version is written there')
    .option('--days <n>', `valid for so long, at most ${daysMax}`, '90')
    .option('--mode <mode>', 'development or production', 'production')
    .action(run({ io, status }, (options: Options) => signNext(io, options)));
};

async function signNext(io: Io, options: Options) {
  const at = (path: string): string => resolve(io.cwd, path);
  const version = ((await manifestFiles(at(options.out))).at(-1)?.version ?? 0) + 1;
  const now = Date.now();
  const runbooks = await readRunbookFiles(at(options.runbooks));
  // Loaded here as well, since here the file's name is known.
  await loadRunbookFiles(runbooks);
  const file = buildManifest(
    {
      mode: expectMode(options.mode),
      version,
      issuedAt: new Date(now).toISOString(),
      notAfter: new Date(now + expectDays(options.days) * 86_400_000).toISOString(),
      runbooks: runbooks.map(({ text }) => ({ text })),
      policies: options.policies === undefined ? [defaultPolicy()] : await readPolicyFiles(at(options.policies)),
      approvers: await readText(at(options.approvers)),
      powers: await readText(at(options.powers)),
      limits: await readText(at(options.limits)),
      bundle: options.bundle,
      judgeBuild: options.judgeBuild,
    },
    createSigner('platform', await readKey(at(options.key))),
  );
  const path = join(at(options.out), `manifest-${version}.json`);
  // `wx`: a version is signed once; a second text under the same number would be another manifest with its name.
  await writeFile(path, `${JSON.stringify(file)}\n`, { flag: 'wx' });
  return answer(io, options.json, { ok: true, version, file: path }, () =>
    io.out(`${io.paint.green('signed')}: ${path}`),
  );
}

async function readKey(file: string): Promise<PrivateKey> {
  const parsed = PrivateKey.safeParse(jsonOf(await readText(file)));
  if (parsed.success) return parsed.data;
  // The message names the field and never the content: this is a private key.
  throw new Refusal(
    'BAD_INPUT',
    `\`${file}\`: ${firstIssue(parsed.error)}`,
    'give an Ed25519 private key as a JSON Web Key',
  );
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function expectDays(text: string): number {
  const days = Number(text);
  if (Number.isInteger(days) && days >= 1 && days <= daysMax) return days;
  throw new WrongUse(`--days \`${text}\`: expected a whole number from 1 to ${daysMax}`, 'give another number');
}
