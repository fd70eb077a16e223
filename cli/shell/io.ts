import { createInterface } from 'node:readline/promises';
import pc from 'picocolors';

export type Paint = ReturnType<typeof pc.createColors>;

/** What a command may touch of its surroundings: tests hand in another one, and nothing reaches for `process`. */
export type Io = {
  /** One line of the answer: standard output, what a script reads. */
  readonly out: (line: string) => void;
  /** One line for a person: standard error, never part of the answer. */
  readonly err: (line: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** True when a person sits there: standard input and standard error are a terminal. */
  readonly interactive: boolean;
  readonly paint: Paint;
  readonly paintErr: Paint;
  readonly input: NodeJS.ReadableStream;
  /** Asks on standard error; anything but yes is no. */
  readonly confirm: (question: string) => Promise<boolean>;
  /** From now on Ctrl-C and SIGTERM end nothing by themselves: the first one resolves this. */
  readonly nextInterrupt: () => Promise<NodeJS.Signals>;
};

/** Colours only on a terminal, and not where `NO_COLOR` (no-color.org) is set to anything. */
export const coloursFor = (isTerminal: boolean, env: Io['env']): Paint =>
  pc.createColors(isTerminal && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb');

/** The surroundings of this very process. */
export function processIo(): Io {
  const env = { ...process.env };
  return {
    out: (line) => void process.stdout.write(`${line}\n`),
    err: (line) => void process.stderr.write(`${line}\n`),
    env,
    cwd: process.cwd(),
    interactive: process.stdin.isTTY === true && process.stderr.isTTY === true,
    paint: coloursFor(process.stdout.isTTY === true, env),
    paintErr: coloursFor(process.stderr.isTTY === true, env),
    input: process.stdin,
    confirm: askOnTerminal,
    nextInterrupt,
  };
}

async function askOnTerminal(question: string): Promise<boolean> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await prompt.question(`${question} [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    prompt.close();
  }
}

function nextInterrupt(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve(signal));
  });
}
