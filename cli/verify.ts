import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { VerifyReport } from '../activities/record/verify.ts';
import { verifySource } from '../activities/record/verify.ts';
import type { KeptCheckpoint } from '../activities/record/verify-checkpoints.ts';
import { PinnedKeys } from '../contracts/config.ts';
import { firstIssue } from '../policies/signing.ts';
import { visible } from '../policies/visible.ts';
import type { ClientConfig } from './client-config.ts';
import { loadClientConfig } from './client-config.ts';
import { openPlace } from './connect/archive-place.ts';
import type { Register } from './shell/command.ts';
import { run, subcommand } from './shell/command.ts';
import type { Io } from './shell/io.ts';
import { exitDone, exitRefused, Refusal, WrongUse } from './shell/refusal.ts';

type Options = {
  readonly archive?: string;
  readonly incident?: string;
  readonly keys?: string;
  readonly head?: string;
  readonly checkpoint?: string;
  readonly region?: string;
  readonly endpoint?: string;
  readonly json?: boolean;
};

/** `holdpoint verify`: finds whatever was changed, removed, reordered, repeated or foreign, and says what it trusted. */
export const verifyCommand: Register = (parent, { io, status }) => {
  subcommand(parent, 'verify', 'check the record: every signature, hash and place in the chain', [
    'holdpoint verify --archive ./archive --keys ./keys.json',
    'holdpoint verify --archive s3://example-archive --region eu-central-1 --keys ./keys.json',
    'holdpoint verify --archive ./archive --checkpoint /mnt/elsewhere/checkpoints',
    'holdpoint verify --incident incident/alertmanager/3f…',
  ])
    .option('--archive <place>', "the log's directory, or s3://bucket/prefix; the one of the home folder when left out")
    .option('--region <name>', "the bucket's region; AWS_REGION when left out")
    .option('--endpoint <url>', "an S3 server other than AWS's own")
    .option('--incident <id>', 'say only how this incident stands; the whole chain is checked all the same')
    .option(
      '--head <seq:hash>',
      'a head kept elsewhere: without it, records removed from the very end cannot be noticed',
    )
    .option(
      '--checkpoint <file or folder>',
      'checkpoints kept elsewhere: they show whether the log was rewound, cut or forked since',
    )
    .option('--keys <file>', 'pinned public keys as JSON; those of the home folder when left out')
    .action(
      run({ io, status }, async (options: Options) => {
        const home = loadClientConfig(io);
        const place = placeOf(options, home);
        const keys = options.keys === undefined ? (home?.keys ?? null) : await readKeys(resolve(io.cwd, options.keys));
        const { incident } = options;
        const head = options.head === undefined ? undefined : expectHead(options.head);
        const checkpoints = options.checkpoint === undefined ? [] : await readCheckpoints(io, options.checkpoint);
        const brought = { keys, checkpoints, ...(incident === undefined ? {} : { incident }), ...(head && { head }) };
        const { source, close } = await openPlace(io, place, options);
        const report = await verifySource(source, brought).finally(close);
        if (options.json === true) io.out(JSON.stringify(report));
        else for (const line of renderReport(io, report)) io.out(line);
        return report.ok ? exitDone : exitRefused;
      }),
    );
};

function placeOf(options: Options, home: ClientConfig | null): string {
  const place = options.archive ?? home?.archiveDir;
  if (place !== undefined && place !== null) return place;
  throw new WrongUse('no archive to verify', 'add --archive DIR, or run it where a holdpoint.json names one');
}

async function readKeys(file: string): Promise<PinnedKeys> {
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) throw new Refusal('NOT_FOUND', `no file \`${visible(file, 300)}\``, 'name the keys with --keys');
  const parsed = PinnedKeys.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  throw new Refusal('BAD_INPUT', `${file}: ${firstIssue(parsed.error)}`, 'give {"recorder":[{"kty":"OKP",…}],…}');
}

/** One file, or every file of a folder: those that hold no checkpoint are reported as faults. */
async function readCheckpoints(io: Pick<Io, 'cwd'>, place: string): Promise<KeptCheckpoint[]> {
  const path = resolve(io.cwd, place);
  const found = await stat(path).catch(() => null);
  if (found === null)
    throw new Refusal('NOT_FOUND', `no checkpoint at \`${visible(place, 300)}\``, 'name a file or a folder of them');
  const entries = found.isDirectory() ? await readdir(path, { withFileTypes: true }) : null;
  const names = entries?.filter((entry) => entry.isFile()).map(({ name }) => name) ?? [basename(path)];
  const folder = entries === null ? dirname(path) : path;
  const kept: KeptCheckpoint[] = [];
  for (const name of names.sort()) kept.push({ name, text: await readFile(join(folder, name), 'utf8') });
  if (kept.length > 0) return kept;
  throw new Refusal('NOT_FOUND', `no checkpoint in \`${visible(place, 300)}\``, 'name a folder that holds some');
}

function expectHead(text: string): { readonly seq: number; readonly hash: string } {
  const [, seq, hash] = /^([0-9]{1,12}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (seq !== undefined && hash !== undefined) return { seq: Number(seq), hash };
  throw new WrongUse(
    `--head \`${visible(text, 100)}\`: expected a number, a colon and 64 hex digits`,
    'copy it from an earlier verify --json',
  );
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The report for a person: faults first, as they are what is acted upon. */
export function renderReport(io: Pick<Io, 'paint'>, report: VerifyReport): string[] {
  const shown = (text: string): string => visible(text, 400);
  return [
    ...report.faults.map(({ object, reason }) => `${io.paint.red('fault')}   ${shown(object)}: ${shown(reason)}`),
    ...report.sealed.map((id) => `sealed  ${shown(id)}`),
    ...report.open.map((id) => `${io.paint.yellow('open')}    ${shown(id)}`),
    ...report.anchors.map((anchor) => `anchor  ${shown(anchor)}`),
    report.ok
      ? `${io.paint.green('verified')}: ${report.records} records`
      : `${io.paint.red('not verified')}: ${report.faults.length} faults in ${report.records} records`,
  ];
}
