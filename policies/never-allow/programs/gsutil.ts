import { isSet, type OptionSpec, type Parsed, parseOptions } from '../options.ts';
import { type Program, type Reading, reading, unknown } from '../program.ts';
import type { TypedAction } from '../typed-action.ts';
import { literalOf, textOf, type Word } from '../word.ts';
import { removeRecursively } from './s3-actions.ts';
import { commandOf, isPattern, type Place, undecidedOption, urlPlace } from './s3-place.ts';

/**
 * gsutil. System `storage`, with its command as verb; it also speaks to S3 (`s3://…`), and a removal there is the action of
 * s3-actions.ts. Its wildcards, and every `mv` of a folder, reach through all that is below.
 */
const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

const spec: OptionSpec = {
  style: 'getopt',
  valued: words('o h s c l b a x y'),
  flags: words('D DD i m q u r R f d n e C v z Z j J p P L A I U k t testexceptionhandling'),
};

const reads = words('ls cat stat du hash help version');
/** Commands with `get` and `set` of their own. */
const settings = words(`
  acl defacl defstorageclass iam cors lifecycle logging label versioning web retention requesterpays bucketpolicyonly
  ubla pap rpo autoclass kms notification hmac
`);
const writes = words('cp mb rewrite setmeta signurl compose config update test perfdiag defacl');

export const gsutil: Program = { names: ['gsutil'], read: readGsutil };

function readGsutil(argv: readonly Word[]): Reading {
  const parsed = parseOptions(argv, spec);
  const command = commandOf(parsed, 'gsutil');
  if (command.kind === 'unknown') return command;
  if (command.kind === 'none') return done('help', [], 'read');
  const { name, operands } = command;
  if (reads.has(name)) return done(name, operands, 'read');
  if (settings.has(name)) return readSetting(name, operands);
  if (writes.has(name)) return done(name, operands, 'write');
  return undecidedOption(parsed, argv) ?? readRemoval(name, operands, parsed);
}

function readSetting(name: string, operands: readonly Word[]): Reading {
  const step = literalOf(operands[0]);
  if (step === 'get' || step === 'list') return done(name, operands, 'read');
  if (name === 'lifecycle' && operands.some((word) => urlPlace(word) === 'remote'))
    return unknown('unknown.s3-lifecycle', 'what the lifecycle configuration expires cannot be told');
  return done(name, operands, 'write');
}

function readRemoval(name: string, operands: readonly Word[], parsed: Parsed): Reading {
  const recursive = isSet(parsed, 'r', 'R') !== false || operands.some(isPattern);
  switch (name) {
    case 'rm':
      if (isSet(parsed, 'I') !== false) return unknown('unknown.stdin', 'removes what its input lists');
      return removal(name, operands, recursive, operands);
    case 'rb':
      return done(name, operands, 'write');
    case 'mv':
      return removal(name, operands, true, operands.slice(0, -1));
    case 'rsync':
      return removal(name, operands, isSet(parsed, 'd') !== false, operands.slice(-1));
  }
  return unknown('unknown.s3-command', `\`${name}\` is no command that is known here`);
}

function removal(name: string, operands: readonly Word[], removes: boolean, from: readonly Word[]): Reading {
  const places: readonly Place[] = from.map(urlPlace);
  if (removes && places.some((place) => place !== 'elsewhere'))
    return reading([removeRecursively(operands.map(textOf))]);
  return done(name, operands, 'write', removes ? ['recursive'] : []);
}

const done = (
  verb: string,
  operands: readonly Word[],
  effect: TypedAction['effect'],
  modifiers: readonly string[] = [],
): Reading => reading([{ system: 'storage', verb, object: '', names: operands.map(textOf), modifiers, effect }]);
