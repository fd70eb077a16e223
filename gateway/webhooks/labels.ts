import { HoldpointError } from '../../contracts/errors.ts';

const entriesMax = 64;
const nameCharsMax = 256;
const valueCharsMax = 4_096;

const wellFormed = (value: string): string =>
  value.replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, '\uFFFD');

/** Cut, never refused: a long value that an attacker controls must not keep an alert from being seen. */
const bounded = (value: string): string =>
  value.length <= valueCharsMax ? wellFormed(value) : `${wellFormed(value.slice(0, valueCharsMax - 1))}…`;

/** Labels or annotations within the bounds of the contract. Throws `BAD_INPUT` or `TOO_LARGE`, naming `field`. */
export function boundLabels(field: string, labels: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(labels);
  if (entries.length > entriesMax)
    throw new HoldpointError(
      'TOO_LARGE',
      `\`${field}\`: expected at most ${entriesMax} entries, got ${entries.length}`,
    );
  for (const [name] of entries)
    if (name === '' || name.length > nameCharsMax || wellFormed(name) !== name)
      throw new HoldpointError('BAD_INPUT', `\`${field}\`: expected names of 1 to ${nameCharsMax} characters`);
  return Object.fromEntries(entries.map(([name, value]) => [name, bounded(value)]));
}

/** A sender's own id of an alert, made well-formed; a hash takes it from here. */
export const boundFingerprint = (fingerprint: string): string => wellFormed(fingerprint);

const fnvOffset = 0xcbf29ce484222325n;
const fnvPrime = 0x100000001b3n;
const separator = 0xff;

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a, 'utf8'), Buffer.from(b, 'utf8'));

/** The fingerprint that Prometheus and Alertmanager give a label set (64-bit FNV-1a), for senders that leave it out. */
export function labelFingerprint(labels: Readonly<Record<string, string>>): string {
  let hash = fnvOffset;
  const add = (byte: number): void => {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * fnvPrime);
  };
  for (const name of Object.keys(labels).sort(byBytes)) {
    for (const byte of Buffer.from(name, 'utf8')) add(byte);
    add(separator);
    for (const byte of Buffer.from(labels[name] ?? '', 'utf8')) add(byte);
    add(separator);
  }
  return hash.toString(16).padStart(16, '0');
}
