import { readFile } from 'node:fs/promises';

const linesMax = 12;
const lineCharsMax = 600;

/** The last lines of a log, bounded; none when there is no such file. */
export async function lastLines(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text
    .trimEnd()
    .split('\n')
    .slice(-linesMax)
    .filter((line) => line !== '')
    .map((line) => line.slice(0, lineCharsMax));
}
