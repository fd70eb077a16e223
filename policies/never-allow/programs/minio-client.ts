import { isSet, lastValue, type OptionSpec, type Parsed, parseOptions } from '../options.ts';
import { type Program, type Reading, reading, unknown } from '../program.ts';
import { literalOf, textOf, type Word } from '../word.ts';
import { removeRecursively, s3Read, s3Write } from './s3-actions.ts';
import { commandOf, undecidedOption } from './s3-place.ts';

/** mc, the client of MinIO, also installed as `mcli`. Canonical actions are those of s3-actions.ts. */
const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

const spec: OptionSpec = {
  style: 'pflag',
  valued: words(`
    C config-dir limit-upload limit-download resolve H custom-header older-than newer-than vid version-id rewind
    exclude exclude-bucket exclude-storageclass storage-class sc attr tags encrypt-key encrypt enc-c enc-kms enc-s3
    checksum monitoring-address md5 region max-workers path name regex larger smaller print exec maxdepth metadata
    tag-filter query e csv-input json-input compression csv-output json-output E expire d depth lines n offset part-number
    expire-days expiry-days expiry-date expire-date id prefix size-lt size-gt transition-days transition-date
    transition-tier noncurrent-expire-days noncurrent-expire-newer noncurrent-transition-days
    noncurrent-transition-newer noncurrent-transition-tier last events suffix api content-type
  `),
  flags: words(`
    q quiet no-color json debug insecure help h version v autocompletion dp disable-pager r recursive force versions
    incomplete I stdin dry-run fake dangerous bypass non-current purge remove overwrite watch w preserve a active-active
    multi-master retry skip-errors summary disable-multipart zip continue c p ignore-existing with-lock l with-versions
    files f all-versions expire-all-object-versions expire-delete-marker disable enable list-cursors errors
  `),
};

/** Commands of one word that read. `share` and the groups below have commands of their own. */
const reads = words('ls tree du stat cat head diff sql ping ready watch cors-get help');
const writes = words('mb cp pipe put get od update retention legalhold');
const groups = words(`
  alias config share version ilm lifecycle encrypt event anonymous policy tag replicate admin support idp license quota
  cors inventory
`);
const groupReads = words('ls list info get export show status trace console logs top prometheus resync-status');

export const minioClient: Program = { names: ['mc', 'mcli', 'minio-client'], read: readMinioClient };

function readMinioClient(argv: readonly Word[]): Reading {
  const parsed = parseOptions(argv, spec);
  const command = commandOf(parsed, 'mc');
  if (command.kind === 'unknown') return command;
  if (command.kind === 'none') return reading([s3Read('help', '', [])]);
  const { name, operands } = command;
  if (reads.has(name)) return reading([s3Read(name === 'ls' ? 'list' : 'read', 'objects', operands.map(textOf))]);
  if (writes.has(name)) return reading([s3Write(name === 'cp' ? 'copy' : name, '', operands.map(textOf))]);
  if (groups.has(name)) return readGroup(name, operands, parsed, argv);
  return undecidedOption(parsed, argv) ?? readRemoval(name, operands, parsed);
}

function readRemoval(name: string, operands: readonly Word[], parsed: Parsed): Reading {
  const names = operands.map(textOf);
  const dryRun = isSet(parsed, 'dry-run', 'fake') === true ? ['dry-run'] : [];
  const recursive = isSet(parsed, 'r', 'recursive') !== false;
  const found = (removes: boolean, verb: string, object: string): Reading =>
    reading([removes ? removeRecursively(names, dryRun) : s3Write(verb, object, names, dryRun)]);
  switch (name) {
    // With `--stdin` it removes whatever is listed there.
    case 'rm':
      return found(recursive || isSet(parsed, 'stdin') !== false, 'delete', 'object');
    case 'rb':
      return found(isSet(parsed, 'force', 'dangerous') !== false, 'delete', 'bucket');
    case 'mv':
      return found(recursive && !isLocal(operands[0]), 'move', 'objects');
    case 'mirror':
      return found(isSet(parsed, 'remove') !== false && !isLocal(operands.at(-1)), 'sync', 'objects');
    // What is undone is that objects were put there.
    case 'undo':
      return found(recursive, 'delete', 'object');
    case 'find':
      if (lastValue(parsed, 'exec') === null) return reading([s3Read('list', 'objects', names)]);
      return unknown('unknown.program', 'runs a command for every object that it finds');
    case 'batch':
      return unknown('unknown.s3-command', 'what the file of the job says decides what is done');
  }
  return unknown('unknown.s3-command', `\`${name}\` is no command that is known here`);
}

/** A path that cannot begin with the name of an alias. */
const isLocal = (word: Word | undefined): boolean =>
  word !== undefined && /^[./~]/.test(word.kind === 'literal' ? word.value : word.prefix);

function readGroup(name: string, operands: readonly Word[], parsed: Parsed, argv: readonly Word[]): Reading {
  const steps = operands.slice(0, 2).map(literalOf);
  const [first, second] = steps;
  if (first === undefined) return reading([s3Read('help', '', [])]);
  if (first === null) return unknown('unknown.s3-command', `what \`${name}\` does is not literal`);
  const last = name === 'ilm' && (first === 'rule' || first === 'tier') ? second : first;
  if (groupReads.has(last ?? '') || (name === 'share' && first === 'download'))
    return reading([s3Read(name, '', operands.map(textOf))]);
  const nested = second !== null && second !== undefined && groupReads.has(second);
  if (nested && name !== 'ilm' && name !== 'alias') return reading([s3Read(name, '', operands.map(textOf))]);
  if (name === 'ilm' || name === 'lifecycle') return readLifecycle(last ?? '', parsed, argv, operands);
  return reading([s3Write(name, '', operands.map(textOf))]);
}

/** A rule that expires what has no prefix and no tag expires everything. An edit may take a limit away. */
function readLifecycle(step: string, parsed: Parsed, argv: readonly Word[], operands: readonly Word[]): Reading {
  const names = operands.map(textOf);
  if (['rm', 'remove', 'restore', 'update', 'check'].includes(step))
    return reading([s3Write('configure', 'bucket', names)]);
  const lost = undecidedOption(parsed, argv);
  if (lost !== null) return lost;
  if (step !== 'add' && step !== 'edit')
    return unknown('unknown.s3-lifecycle', 'what the lifecycle configuration expires cannot be told');
  const expires = ['expire-days', 'expiry-days', 'expire-date', 'expiry-date'].some(
    (option) => lastValue(parsed, option) !== null,
  );
  const given = (option: string): string => textOf(lastValue(parsed, option) ?? { kind: 'literal', value: '' });
  const limited = given('prefix') !== '' || given('tags') !== '';
  return reading([expires && !limited ? removeRecursively(names) : s3Write('expire', 'objects', names)]);
}
