import { createHash } from 'node:crypto';

// The Merkle tree of RFC 6962, section 2.1, as C2SP's tlog-checkpoint uses it: a leaf is hashed behind the byte 0x00 and a
// node behind 0x01, so that no leaf can be passed off as a node. The checks of proofs follow RFC 9162, sections 2.1.3.2 and
// 2.1.4.2.

const leafPrefix = Buffer.of(0);
const nodePrefix = Buffer.of(1);
const sha256 = (...parts: readonly Uint8Array[]): Buffer =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
const nodeOf = (left: Uint8Array, right: Uint8Array): Buffer => sha256(nodePrefix, left, right);
const emptyRoot = sha256();

export const leafOf = (entry: Uint8Array): Buffer => sha256(leafPrefix, entry);

/** A log's leaves are the SHA-256 of its records: who knows a record by its hash alone can check where it stands. */
export const recordLeaf = (recordHash: string): Buffer => leafOf(Buffer.from(recordHash, 'hex'));

/** The largest power of two below `n`: where RFC 6962 splits a tree of `n` leaves. */
function split(n: number): number {
  let left = 1;
  while (left * 2 < n) left *= 2;
  return left;
}
const isPowerOfTwo = (n: number): boolean => n === 1 || split(n) * 2 === n;
const half = (n: number): number => Math.floor(n / 2);
const isOdd = (n: number): boolean => n % 2 === 1;

/** Grows leaf by leaf and proves what it has, in time that grows with the logarithm of its size. */
export class MerkleTree {
  /** `levels[h][i]`: the hash of the i-th whole subtree of 2^h leaves. */
  private readonly levels: Buffer[][] = [[]];

  get size(): number {
    return this.levels[0]?.length ?? 0;
  }

  append(leaf: Buffer): void {
    let hash = leaf;
    for (let height = 0; ; height++) {
      const level = this.levels[height] ?? [];
      this.levels[height] = level;
      const left = level.at(-1);
      level.push(hash);
      if (isOdd(level.length) || left === undefined) return;
      hash = nodeOf(left, hash);
    }
  }

  /** Forgets every leaf from `size` on. */
  truncate(size: number): void {
    for (const [height, level] of this.levels.entries())
      level.length = Math.min(level.length, Math.floor(size / 2 ** height));
  }

  /** The root over the first `size` leaves. */
  root(size = this.size): Buffer {
    return this.hashOf(0, size);
  }

  /** The path that shows that leaf `index` is among the first `size`. */
  inclusion(index: number, size: number): Buffer[] {
    if (!(index >= 0 && index < size && size <= this.size)) throw new RangeError('expected a leaf of the tree');
    return this.path(index, 0, size);
  }

  /** What shows that the first `older` leaves are the beginning of the first `size`; nothing for none. */
  consistency(older: number, size: number): Buffer[] {
    if (!(older >= 0 && older <= size && size <= this.size)) throw new RangeError('expected sizes of the tree');
    return older === 0 ? [] : this.subproof(older, 0, size, true);
  }

  private hashOf(from: number, to: number): Buffer {
    const count = to - from;
    if (count === 0) return emptyRoot;
    if (isPowerOfTwo(count)) return this.levels[Math.log2(count)]?.[from / count] ?? missing(from);
    const middle = from + split(count);
    return nodeOf(this.hashOf(from, middle), this.hashOf(middle, to));
  }

  private path(index: number, from: number, to: number): Buffer[] {
    if (to - from === 1) return [];
    const middle = from + split(to - from);
    return index < middle
      ? [...this.path(index, from, middle), this.hashOf(middle, to)]
      : [...this.path(index, middle, to), this.hashOf(from, middle)];
  }

  /** `whole`: the reader knows the hash of all `older` leaves already. */
  private subproof(older: number, from: number, to: number, whole: boolean): Buffer[] {
    if (older === to - from) return whole ? [] : [this.hashOf(from, to)];
    const left = split(to - from);
    const middle = from + left;
    return older <= left
      ? [...this.subproof(older, from, middle, whole), this.hashOf(middle, to)]
      : [...this.subproof(older - left, middle, to, false), this.hashOf(from, middle)];
  }
}

function missing(leaf: number): never {
  throw new RangeError(`expected leaf ${leaf} in the tree`);
}

/** How many hashes a proof may have: more than any tree of 2^63 leaves needs. */
export const proofHashesMax = 63;

export type InclusionClaim = {
  readonly leaf: Uint8Array;
  readonly index: number;
  readonly size: number;
  readonly path: readonly Uint8Array[];
  readonly root: Uint8Array;
};

/** Whether `path` shows that `leaf` is the leaf at `index` of the tree of `size` leaves with this root. */
export function isIncluded({ leaf, index, size, path, root }: InclusionClaim): boolean {
  if (!(index >= 0 && index < size) || path.length > proofHashesMax) return false;
  let [at, last, hash] = [index, size - 1, leaf];
  for (const sibling of path) {
    if (last === 0) return false;
    if (isOdd(at) || at === last) {
      hash = nodeOf(sibling, hash);
      while (!isOdd(at) && at !== 0) [at, last] = [half(at), half(last)];
    } else hash = nodeOf(hash, sibling);
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && Buffer.compare(hash, root) === 0;
}

export type ConsistencyClaim = {
  readonly older: { readonly size: number; readonly root: Uint8Array };
  readonly newer: { readonly size: number; readonly root: Uint8Array };
  readonly path: readonly Uint8Array[];
};

/** Whether `path` shows that the newer tree begins with all leaves of the older one. */
export function isConsistent({ older, newer, path }: ConsistencyClaim): boolean {
  if (older.size > newer.size || path.length > proofHashesMax) return false;
  if (older.size === 0) return path.length === 0;
  if (older.size === newer.size) return path.length === 0 && Buffer.compare(older.root, newer.root) === 0;
  const [first, ...others] = isPowerOfTwo(older.size) ? [older.root, ...path] : path;
  if (first === undefined) return false;
  let [at, last] = [older.size - 1, newer.size - 1];
  while (isOdd(at)) [at, last] = [half(at), half(last)];
  let [before, after] = [first, first];
  for (const sibling of others) {
    if (last === 0) return false;
    if (isOdd(at) || at === last) {
      [before, after] = [nodeOf(sibling, before), nodeOf(sibling, after)];
      while (!isOdd(at) && at !== 0) [at, last] = [half(at), half(last)];
    } else after = nodeOf(after, sibling);
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && Buffer.compare(before, older.root) === 0 && Buffer.compare(after, newer.root) === 0;
}
