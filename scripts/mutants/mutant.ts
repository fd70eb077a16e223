/** One protection removed, and the test that must notice. */
export type Mutant = {
  readonly name: string;
  /** What is removed, in words. */
  readonly protection: string;
  readonly testFile: string;
  /** Part of the full title of the test that must fail. */
  readonly title: string;
  readonly patch: string;
};

/**
 * Reads `<name>.patch`: the lines `protection: …`, `test: <file>` and `title: <part of a test's full title>`, an empty
 * line, and a unified diff against the root. Throws when a line is missing.
 */
export function parseMutant(file: string, text: string): Mutant {
  const at = text.search(/^(diff --git|--- )/m);
  if (at === -1) throw new Error(`${file}: expected a unified diff`);
  const head = text.slice(0, at);
  const field = (name: string): string => {
    const value = new RegExp(`^${name}: (.+)$`, 'm').exec(head)?.[1]?.trim();
    if (value === undefined) throw new Error(`${file}: expected a line \`${name}: …\``);
    return value;
  };
  return {
    name: file.replace(/\.patch$/, ''),
    protection: field('protection'),
    testFile: field('test'),
    title: field('title'),
    patch: text.slice(at),
  };
}
