import { Readable } from 'node:stream';
import { runCli } from '../../cli/program.ts';
import type { Io } from '../../cli/shell/io.ts';
import { coloursFor } from '../../cli/shell/io.ts';

export type Ran = { readonly status: number; readonly out: string; readonly err: string };
export type Given = {
  readonly stdin?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** What a person at a terminal answers; without it nobody sits there. */
  readonly answers?: boolean;
};

export function fakeIo(given: Given = {}): Io & { readonly lines: { out: string[]; err: string[] } } {
  const lines = { out: [] as string[], err: [] as string[] };
  return {
    lines,
    out: (line) => void lines.out.push(line),
    err: (line) => void lines.err.push(line),
    // A profile or address of the machine that runs the tests must not reach a command.
    env: {
      TEMPORAL_CONFIG_FILE: '/nonexistent-temporal.toml',
      HOLDPOINT_HOME: '/nonexistent-holdpoint-home',
      ...given.env,
    },
    cwd: given.cwd ?? '/',
    interactive: given.answers !== undefined,
    paint: coloursFor(false, {}),
    paintErr: coloursFor(false, {}),
    input: Readable.from([given.stdin ?? '']),
    confirm: async () => given.answers ?? false,
    nextInterrupt: () => new Promise(() => undefined),
  };
}

/** Runs one command line in this process, as a person or script would see it. */
export async function holdpoint(argv: readonly string[], given: Given = {}): Promise<Ran> {
  const io = fakeIo(given);
  const status = await runCli(argv, io);
  return { status, out: io.lines.out.join('\n'), err: io.lines.err.join('\n') };
}

/** Whatever was printed says one thing to a person and has no stack in it. */
export const hasStack = ({ out, err }: Ran): boolean => /\n\s+at .+:\d+:\d+/.test(`${out}\n${err}`);
