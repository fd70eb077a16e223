/** Scripts whose letters are drawn like Latin ones: a word of two of them is read as one of either. */
const scripts = [
  ['Latin', /\p{Script=Latin}/u],
  ['Cyrillic', /\p{Script=Cyrillic}/u],
  ['Greek', /\p{Script=Greek}/u],
  ['Armenian', /\p{Script=Armenian}/u],
  ['Cherokee', /\p{Script=Cherokee}/u],
  ['full-width', /[\uFF21-\uFF3A\uFF41-\uFF5A]/u],
  ['mathematical', /[\u{1D400}-\u{1D7FF}]/u],
] as const;

const fullWidth = /[\uFF21-\uFF3A\uFF41-\uFF5A]/gu;

/**
 * The scripts that one word is written in, when there are several of those that look alike, or when it stands wholly in
 * letters that only imitate others. Null for an ordinary word of any language. Pure.
 */
export function mixedScripts(word: string): readonly string[] | null {
  // Full-width letters are Latin by their property: they are looked at apart from it.
  const plain = word.replaceAll(fullWidth, '');
  const found = scripts
    .filter(([name, letter]) => letter.test(name === 'full-width' ? word : plain))
    .map(([name]) => name);
  const imitates = found.includes('full-width') || found.includes('mathematical');
  return found.length > 1 || imitates ? found : null;
}
