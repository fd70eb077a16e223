import { type Program, type Reading, reading, unknown } from '../program.ts';
import type { TypedAction } from '../typed-action.ts';
import { literalOf, textOf, type Word } from '../word.ts';
import { removeRecursively } from './s3-actions.ts';

/**
 * The file system shell of Hadoop, which speaks to S3 by `s3a:` URLs. System `storage`, with its command as verb; a removal
 * of a folder in S3 is the action of s3-actions.ts.
 */
const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

const reads = words('ls lsr cat text tail head stat du dus df count find test getfacl getfattr checksum help usage');
const writes = words(`
  put get copyFromLocal copyToLocal cp mv mkdir touch touchz chmod chown chgrp setrep appendToFile truncate setfacl
  setfattr getmerge moveFromLocal concat expunge rmdir createSnapshot deleteSnapshot renameSnapshot
`);

export const hadoop: Program = { names: ['hadoop', 'hdfs'], read: readHadoop };

function readHadoop(argv: readonly Word[]): Reading {
  const [shell, command, ...rest] = argv;
  const name = literalOf(command)?.replace(/^-/, '');
  if (!['fs', 'dfs'].includes(literalOf(shell) ?? '') || name === undefined)
    return unknown('unknown.hadoop-command', 'only the file system shell is read here, with its command first');
  if (reads.has(name)) return done(name, rest, 'read');
  if (writes.has(name)) return done(name, rest, 'write');
  if (name !== 'rm' && name !== 'rmr')
    return unknown('unknown.hadoop-command', `\`${name}\` is no command that is known here`);
  const recursive = name === 'rmr' || rest.some(isRecursive) || rest.some((word) => /[*?{[]/.test(textOf(word)));
  return recursive && rest.some(mayBeS3) ? reading([removeRecursively(rest.map(textOf))]) : done(name, rest, 'write');
}

const isRecursive = (word: Word): boolean => word.kind === 'unknown' || ['-r', '-R'].includes(word.value);

/** `s3a://…`, and the older `s3n:` and `s3:`. */
const mayBeS3 = (word: Word): boolean =>
  /^s3[an]?:/i.test(word.kind === 'literal' ? word.value : word.prefix) ||
  (word.kind === 'unknown' && (word.splits || 's3'.startsWith(word.prefix.slice(0, 2).toLowerCase())));

const done = (verb: string, operands: readonly Word[], effect: TypedAction['effect']): Reading =>
  reading([{ system: 'storage', verb, object: '', names: operands.map(textOf), modifiers: [], effect }]);
