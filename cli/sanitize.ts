import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { type Sanitized, sanitize } from '../policies/sanitize/sanitize.ts';
import { firstIssue } from '../policies/signing.ts';
import type { Register } from './shell/command.ts';
import { run, subcommand } from './shell/command.ts';
import type { Io } from './shell/io.ts';
import { linesOf } from './shell/lines.ts';
import { exitDone, Refusal } from './shell/refusal.ts';

/** `kind` says where a text is from, for whoever reads the lines; it changes nothing. Other fields may stand beside these. */
const Line = z.object({ text: z.string(), kind: z.string().max(1_000).optional() });
const lineBytesMax = 16_777_216;
const textBytesMax = 16_777_216;

const exitStatus = `
Exit status: 0 done, whatever was found, 1 the input could not be read, 2 wrong use. With --jsonl a bad line is answered by a
line with an error, and the next one has its turn.

docs/evidence.md lists the rules. A finding is a signal: what is not found is held all the same.`;

type Options = { readonly jsonl?: boolean; readonly json?: boolean };

/** `holdpoint sanitize`: text as a model would be shown it, and what was found in it. */
export const sanitizeCommand: Register = (parent, { io, status }) => {
  subcommand(parent, 'sanitize', 'clean text from outside of what is hidden in it or reads as an instruction', [
    'kubectl logs web-0 | holdpoint sanitize',
    'holdpoint sanitize --json app.log',
    `echo '{"id":"1","text":"…"}' | holdpoint sanitize --jsonl`,
  ])
    .argument('[file]', 'the file to read; without it, or with `-`, standard input')
    .option('--jsonl', 'read JSON lines, write one JSON line for each')
    .addHelpText('after', exitStatus)
    .action(
      run({ io, status }, async (file: string | undefined, options: Options) => {
        const input = file === undefined || file === '-' ? io.input : createReadStream(resolve(io.cwd, file));
        if (options.jsonl === true) await answerLines(io, input);
        else answerText(io, sanitize(await textOf(input)), options.json === true);
        return exitDone;
      }),
    );
};

async function answerLines(io: Io, input: NodeJS.ReadableStream): Promise<void> {
  for await (const line of readable(linesOf(input, lineBytesMax)))
    io.out(JSON.stringify(line.kind === 'line' ? sanitizeLine(line.text) : tooLong));
}

function answerText(io: Io, { text, suspicious, findings }: Sanitized, json: boolean): void {
  if (json) {
    io.out(JSON.stringify({ text, suspicious, findings }));
    return;
  }
  io.out(text.replace(/\n$/, ''));
  for (const { rule, line } of findings) io.err(`line ${line}: ${rule}`);
  if (suspicious) io.err(io.paintErr.red('suspicious: it tries to steer whoever reads it'));
}

async function textOf(input: NodeJS.ReadableStream): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of readable(input)) {
    const piece = Buffer.from(chunk as string | Buffer);
    bytes += piece.byteLength;
    if (bytes > textBytesMax)
      throw new Refusal('TOO_LARGE', `expected at most ${textBytesMax} bytes`, 'give it in parts');
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

/** The same stream; what the system says of it comes as a refusal. */
async function* readable<T>(input: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* input;
  } catch (error) {
    if (error instanceof Refusal || !(error instanceof Error && 'code' in error)) throw error;
    throw new Refusal('BAD_INPUT', `expected a file that can be read, got ${String(error.code)}`, 'name another file');
  }
}

type Answer = { readonly id: string | number | null } & Sanitized & {
    readonly error?: { readonly code: 'BAD_INPUT'; readonly message: string };
  };

/** Answers one line. Never throws: whatever the line holds, the next one has its turn. */
export function sanitizeLine(line: string): Answer {
  let id: Answer['id'] = null;
  try {
    const raw: unknown = JSON.parse(line);
    id = idOf(raw);
    const parsed = Line.safeParse(raw);
    if (!parsed.success) return bad(id, `line: ${firstIssue(parsed.error)}`);
    return { id, ...sanitize(parsed.data.text) };
  } catch {
    return bad(id, 'line: expected a JSON object with a text');
  }
}

/** A line that cannot be read is not called harmless. */
const bad = (id: Answer['id'], message: string): Answer => ({
  id,
  text: '',
  suspicious: true,
  findings: [],
  error: { code: 'BAD_INPUT', message },
});

const tooLong = bad(null, `line: expected at most ${lineBytesMax} bytes`);

function idOf(raw: unknown): Answer['id'] {
  const id = typeof raw === 'object' && raw !== null && 'id' in raw ? raw.id : null;
  return typeof id === 'string' || typeof id === 'number' ? id : null;
}
