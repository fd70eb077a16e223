import { isSet, type OptionSpec, parseOptions } from '../options.ts';
import { type Program, type Reading, reading, unknown } from '../program.ts';
import { literalOf, textOf, type Word } from '../word.ts';
import { removeRecursively, s3Read, s3Write } from './s3-actions.ts';
import { commandOf, isPattern, undecidedOption, urlPlace } from './s3-place.ts';

/** s5cmd. Canonical actions are those of s3-actions.ts. Its wildcards reach through every folder. */
const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

const spec: OptionSpec = {
  style: 'go',
  valued: words(`
    credentials-file endpoint-url log numworkers profile r retry-count request-payer c concurrency p part-size
    storage-class sse sse-kms-key-id acl cache-control expires content-type content-encoding content-disposition
    metadata metadata-directive exclude include source-region destination-region version-id expire query compression
    input-format output-format
  `),
  flags: words(`
    dry-run install-completion json no-sign-request no-verify-ssl stat use-list-objects-v1 help h version delete
    size-only exit-on-error raw force-glacier-transfer ignore-glacier-warnings all-versions e etag H humanize s
    show-fullpath n no-clobber if-size-differ if-source-newer u f flatten no-follow-symlinks show-progress sp group g
  `),
};

const reads = words('ls cat du head select presign version');
const writes = words('cp mb rb pipe bucket-version');

export const s5cmd: Program = { names: ['s5cmd'], read: readS5cmd };

function readS5cmd(argv: readonly Word[]): Reading {
  const parsed = parseOptions(argv, spec);
  const command = commandOf(parsed, 's5cmd');
  if (command.kind === 'unknown') return command;
  if (command.kind === 'none') return reading([s3Read('help', '', [])]);
  const { name, operands } = command;
  const names = operands.map(textOf);
  const dryRun = isSet(parsed, 'dry-run') === true ? ['dry-run'] : [];
  if (reads.has(name)) return reading([s3Read(name === 'ls' ? 'list' : 'read', 'objects', names)]);
  if (writes.has(name)) return reading([s3Write(name === 'cp' ? 'copy' : name, '', names, dryRun)]);
  const lost = undecidedOption(parsed, argv);
  if (lost !== null) return lost;
  const found = (removes: boolean, verb: string): Reading =>
    reading([removes ? removeRecursively(names, dryRun) : s3Write(verb, 'object', names, dryRun)]);
  switch (name) {
    case 'rm':
      return found(operands.some(isWide) || isSet(parsed, 'all-versions') !== false, 'delete');
    case 'mv':
      return found(urlPlace(operands[0]) !== 'elsewhere' && operands.slice(0, 1).some(isWide), 'move');
    case 'sync':
      return found(isSet(parsed, 'delete') !== false && urlPlace(operands.at(-1)) !== 'elsewhere', 'sync');
    case 'run':
      return unknown('unknown.s3-command', 'runs the commands of a file or of its input, which are not read here');
  }
  return unknown('unknown.s3-command', `\`${name}\` is no command that is known here`);
}

/** A pattern, or a word that may come to hold one. */
const isWide = (word: Word): boolean => literalOf(word) === null || isPattern(word);
