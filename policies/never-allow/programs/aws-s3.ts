import { isSet, mayBeOption, type Parsed } from '../options.ts';
import { type Reading, reading, unknown } from '../program.ts';
import { literalOf, textOf, type Word } from '../word.ts';
import { removeRecursively, s3Read, s3Write } from './s3-actions.ts';

/** `aws s3 …`. `operands` are the words after the command, options taken out. */
export function readS3Command(
  command: string,
  parsed: Parsed,
  operands: readonly Word[],
  words: readonly Word[],
): Reading {
  const names = operands.map(textOf);
  const dryRun = isSet(parsed, 'dryrun') === true ? ['dry-run'] : [];
  switch (command) {
    case 'ls':
      return reading([s3Read('list', 'objects', names)]);
    case 'presign':
      return reading([s3Read('presign', 'object', names)]);
    case 'mb':
      return reading([s3Write('create', 'bucket', names)]);
    case 'website':
      return reading([s3Write('configure', 'bucket', names)]);
    case 'cp':
      // To standard output it only reads.
      if (operands.length === 2 && literalOf(operands[1]) === '-') return reading([s3Read('read', 'object', names)]);
      return reading([s3Write('copy', 'objects', names, dryRun)]);
  }
  const lost = words.find(mayBeOption) ?? null;
  const unlisted = parsed.undecided.find(({ text }) => text.startsWith('-'));
  if (lost !== null || unlisted !== undefined)
    return unknown(
      'unknown.option',
      `\`${lost === null ? unlisted?.text : textOf(lost)}\` may be an option such as \`--recursive\``,
    );
  switch (command) {
    case 'rm':
      if (isSet(parsed, 'recursive') !== false) return reading([removeRecursively(names, dryRun)]);
      return reading([s3Write('delete', 'object', names, dryRun)]);
    case 'rb':
      if (isSet(parsed, 'force') !== false) return reading([removeRecursively(names)]);
      return reading([s3Write('delete', 'bucket', names)]);
    case 'mv':
      if (isSet(parsed, 'recursive') !== false && isRemote(operands[0]))
        return reading([removeRecursively(names, dryRun)]);
      return reading([s3Write('move', 'objects', names, dryRun)]);
    case 'sync':
      // With a local destination it is local files that it deletes.
      if (isSet(parsed, 'delete') !== false && isRemote(operands[1]))
        return reading([removeRecursively(names, dryRun)]);
      return reading([s3Write('sync', 'objects', names, dryRun)]);
  }
  return unknown('unknown.aws-command', `\`s3 ${command}\` is no command that is known here`);
}

/** A place that is not literal, or that is missing, may be in S3. */
function isRemote(word: Word | undefined): boolean {
  if (word === undefined) return true;
  const start = word.kind === 'literal' ? word.value : word.prefix;
  return /^s3:/i.test(start) || (word.kind === 'unknown' && 's3:'.startsWith(start.slice(0, 3).toLowerCase()));
}
