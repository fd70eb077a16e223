import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isConsistent, isIncluded, leafOf, MerkleTree } from '../../activities/record/merkle.ts';

const sha256 = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
/** The definition of RFC 6962, section 2.1, to the letter. */
function rootOf(entries: readonly Buffer[]): Buffer {
  if (entries.length === 0) return sha256();
  if (entries.length === 1) return sha256(Buffer.of(0), entries[0] as Buffer);
  const k = 2 ** Math.floor(Math.log2(entries.length - 1));
  return sha256(Buffer.of(1), rootOf(entries.slice(0, k)), rootOf(entries.slice(k)));
}
const entriesOf = (count: number) => Array.from({ length: count }, (_, n) => Buffer.from(`entry ${n}`));
const treeOf = (entries: readonly Buffer[]): MerkleTree => {
  const tree = new MerkleTree();
  for (const entry of entries) tree.append(leafOf(entry));
  return tree;
};
const sizes = fc.integer({ min: 1, max: 150 });
const changed = (hash: Uint8Array): Buffer => sha256(hash);

describe('the Merkle tree', () => {
  it('has the roots that RFC 6962 defines, at every size, and again after it was cut back', () => {
    const entries = entriesOf(70);
    const tree = treeOf(entries);
    for (let size = 0; size <= 70; size++) expect(tree.root(size)).toEqual(rootOf(entries.slice(0, size)));
    tree.truncate(37);
    for (const entry of entries.slice(37, 50)) tree.append(leafOf(entry));
    expect([tree.size, tree.root()]).toEqual([50, rootOf(entries.slice(0, 50))]);
  });
  it('has the root of the known tree of eight leaves', () => {
    // The leaves and root of the test vectors that implementations of certificate transparency share.
    const hex = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
    const tree = treeOf(hex.map((text) => Buffer.from(text, 'hex')));
    expect(tree.root().toString('hex')).toBe('5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328');
  });
  it('proves each leaf to whoever has the root, and no leaf at another place, of another tree or by another path', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), fc.nat(), (size, pick, hurt) => {
        const index = pick % size;
        const entries = entriesOf(size);
        const tree = treeOf(entries);
        const path = tree.inclusion(index, size);
        const claim = { leaf: leafOf(entries[index] as Buffer), index, size, path, root: tree.root() };
        expect(isIncluded(claim)).toBe(true);
        expect(isIncluded({ ...claim, leaf: changed(claim.leaf) })).toBe(false);
        expect(isIncluded({ ...claim, root: changed(claim.root) })).toBe(false);
        expect(isIncluded({ ...claim, path: [...path, claim.root] })).toBe(false);
        expect(isIncluded({ ...claim, index: size })).toBe(false);
        expect(isIncluded({ ...claim, size: 4 * size })).toBe(false);
        if (size > 1) expect(isIncluded({ ...claim, index: (index + 1) % size })).toBe(false);
        const broken = path.map((hash, n) => (n === hurt % path.length ? changed(hash) : hash));
        if (path.length > 0) expect(isIncluded({ ...claim, path: broken })).toBe(false);
        if (path.length > 0) expect(isIncluded({ ...claim, path: path.slice(1) })).toBe(false);
      }),
    );
  });
  it('proves that it only grew, and nothing else', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), fc.nat(), (size, pick, hurt) => {
        const tree = treeOf(entriesOf(size));
        const before = pick % (size + 1);
        const path = tree.consistency(before, size);
        const older = { size: before, root: tree.root(before) };
        const newer = { size, root: tree.root() };
        expect(isConsistent({ older, newer, path })).toBe(true);
        expect(isConsistent({ older, newer, path: [...path, newer.root] })).toBe(false);
        const broken = path.map((hash, n) => (n === hurt % path.length ? changed(hash) : hash));
        if (path.length > 0) expect(isConsistent({ older, newer, path: broken })).toBe(false);
        if (before === 0) return;
        expect(isConsistent({ older: { ...older, root: changed(older.root) }, newer, path })).toBe(false);
        expect(isConsistent({ older, newer: { ...newer, root: changed(newer.root) }, path })).toBe(false);
        if (before < size) expect(isConsistent({ older: newer, newer: older, path })).toBe(false);
      }),
    );
  });
});
