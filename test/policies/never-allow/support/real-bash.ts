import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const hasBash = spawnSync('bash', ['--norc', '-c', 'exit 0']).status === 0;

/** Between words and between calls, in what the stub writes. */
const wordEnd = '\x1f';
const callEnd = '\x1e';
const driver = `
stub() { (( $# )) && printf '%s\\x1f' "$@" >&9; printf '\\x1e' >&9; }
export -f stub
PATH=/nonexistent HOME='~' LC_ALL=C FUNCNEST=4
cd "$1/empty" || exit 1
for file in "$1"/*.sh; do
  ( ulimit -t 2; . "$file" ) 9>"$file.out" </dev/null >/dev/null 2>&1
done
`;

/** The words that Bash itself passes to a command named `stub`, for each text. The texts run nothing else than builtins. */
export function passedByBash(texts: readonly string[]): string[][][] {
  const dir = mkdtempSync(join(tmpdir(), 'holdpoint-bash-'));
  try {
    mkdirSync(join(dir, 'empty'));
    const files = texts.map((text, index) => {
      const file = join(dir, `${String(index).padStart(6, '0')}.sh`);
      writeFileSync(file, `${text}\n`);
      return file;
    });
    writeFileSync(join(dir, 'driver'), driver);
    // A variable of the machine that runs the tests must not reach the texts.
    const env = { PATH: process.env.PATH ?? '' };
    spawnSync('bash', ['--norc', '--noprofile', join(dir, 'driver'), dir], { env, timeout: 300_000 });
    return files.map((file) => callsIn(readFileSync(`${file}.out`, 'utf8')));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const callsIn = (written: string): string[][] =>
  written
    .split(callEnd)
    .slice(0, -1)
    .map((call) => call.split(wordEnd).slice(0, -1));
