import { isSet, mayBeOption, type OptionSpec, parseOptions } from '../options.ts';
import { type Program, type Reading, reading, unknown } from '../program.ts';
import type { TypedAction } from '../typed-action.ts';
import { textOf, type Word } from '../word.ts';
import { removeRecursively } from './s3-actions.ts';
import { commandOf } from './s3-place.ts';

/**
 * rclone. System `storage`, with its command as verb; a removal from a remote of type S3 is the action of s3-actions.ts. What
 * type a named remote has is in a file that is not read here: only `s3:` and remotes that are made on the spot say it.
 */
const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

const spec: OptionSpec = {
  style: 'pflag',
  valued: words(`
    config cache-dir temp-dir transfers checkers multi-thread-streams bwlimit bwlimit-file max-age min-age max-size
    min-size include exclude filter include-from exclude-from filter-from files-from files-from-raw exclude-if-present
    metadata-include metadata-exclude metadata-filter log-file log-level log-format log-file-max-size log-systemd retries
    retries-sleep low-level-retries backup-dir compare-dest copy-dest suffix max-depth max-delete max-delete-size
    max-transfer max-duration max-backlog max-buffer-memory cutoff-mode tpslimit tpslimit-burst contimeout timeout
    expect-continue-timeout buffer-size user-agent stats stats-log-level stats-file-name-length stats-unit order-by
    modify-window partial-suffix track-renames-strategy conflict-resolve header header-upload header-download bind dscp
    ca-cert client-cert client-key password-command rc-addr rc-user rc-pass separator format time-format hash hash-type
    csv-separator combined differ error match missing-on-dst missing-on-src checkfile output o output-file head tail
    offset count dump color metadata-set metadata-mapper name-transform s3-provider s3-region s3-endpoint
    s3-access-key-id s3-secret-access-key s3-acl s3-storage-class s3-chunk-size s3-upload-cutoff
    s3-upload-concurrency s3-env-auth drive-chunk-size C encoding
  `),
  flags: words(`
    h help version V v verbose vv q quiet n dry-run i interactive P progress c checksum u update I ignore-times
    ignore-existing ignore-size ignore-errors ignore-checksum ignore-case size-only delete-before delete-during
    delete-after delete-excluded track-renames fast-list no-traverse no-check-dest no-update-modtime no-update-dir-modtime
    no-unicode-normalization no-check-certificate no-gzip-encoding create-empty-src-dirs rmdirs leave-root immutable inplace
    metadata M refresh-times server-side-across-configs use-mmap use-server-modtime use-json-log use-cookies one-file-system
    copy-links L links l skip-links human-readable dirs-only files-only R recursive absolute d full one-way download
    stats-one-line stats-one-line-date s3-no-check-bucket s3-env-auth auto-confirm check-first error-on-no-transfer
    ask-password resync force remove-empty-dirs drive-use-trash json decrypt hash-all original p no-modtime no-mimetype
  `),
};

/** What is not listed is held, also where it may be harmless. */
const reads = words('about ls lsf lsd lsl size check cryptcheck checksum cat tree listremotes version help');
const configReads = words('show dump file paths userinfo providers redacted');
/** Which of its places each of these takes things away from: every one, the last, or the first. */
const removals: ReadonlyMap<string, 'every' | 'last' | 'first'> = new Map([
  ['purge', 'every'],
  ['delete', 'every'],
  ['sync', 'last'],
  ['bisync', 'every'],
  ['move', 'first'],
  ['moveto', 'first'],
  ['dedupe', 'every'],
]);

export const rclone: Program = { names: ['rclone'], read: readRclone };

function readRclone(argv: readonly Word[]): Reading {
  const parsed = parseOptions(argv, spec);
  const command = commandOf(parsed, 'rclone');
  if (command.kind === 'unknown') return command;
  if (command.kind === 'none') return done('help', [], 'read');
  const { name, operands } = command;
  const names = operands.map(textOf);
  if (reads.has(name)) return done(name, names, 'read');
  if (name === 'config') return done('config', names, configReads.has(names[0] ?? '') ? 'read' : 'write');
  if (name === 'rc') return unknown('unknown.program', 'tells another rclone what to do');
  const dryRun = isSet(parsed, 'n', 'dry-run') === true ? ['dry-run'] : [];
  const where = removals.get(name);
  if (where === undefined) return done(name, names, 'write', dryRun);
  // Behind an option that is not listed it cannot be told which word is which place.
  const places = parsed.undecided.some(({ text }) => text.startsWith('-')) ? operands : placesOf(where, operands);
  if (places.some(isS3)) return reading([removeRecursively(names, dryRun)]);
  const lost = [...argv, ...places].find((word) => mayBeOption(word) || mayBeS3(word));
  if (lost !== undefined) return unknown('unknown.s3-remote', `\`${textOf(lost)}\` may be a remote of type S3`);
  return done(name, names, 'write', dryRun);
}

function placesOf(where: 'every' | 'last' | 'first', operands: readonly Word[]): readonly Word[] {
  if (where === 'every') return operands;
  return where === 'last' ? operands.slice(-1) : operands.slice(0, 1);
}

const startOf = (word: Word): string => (word.kind === 'literal' ? word.value : word.prefix).toLowerCase();

/** `s3:bucket`, `:s3:bucket`, `:s3,provider=AWS:bucket`, and a remote made of another one that is of that type. */
const isS3 = (word: Word): boolean => {
  const start = startOf(word);
  return /^:?s3[:,]/.test(start) || (start.startsWith(':') && start.includes('s3'));
};

/** A word whose known beginning does not yet name the remote. */
const mayBeS3 = (word: Word): boolean =>
  word.kind === 'unknown' && (startOf(word).startsWith(':') || !/[:/,]/.test(startOf(word)));

const done = (
  verb: string,
  names: readonly string[],
  effect: TypedAction['effect'],
  modifiers: readonly string[] = [],
): Reading => reading([{ system: 'storage', verb, object: '', names, modifiers, effect }]);
