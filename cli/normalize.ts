import { z } from 'zod';
import { normalize } from '../gateway/webhooks/normalize.ts';
import { firstIssue } from '../policies/signing.ts';
import type { Register } from './shell/command.ts';
import { run, subcommand } from './shell/command.ts';
import { linesOf } from './shell/lines.ts';
import { exitDone, WrongUse } from './shell/refusal.ts';

/** `id` comes back as it was, so that a script can pair its lines; a body is the webhook's JSON, as an object or as text. */
const Line = z.object({
  id: z.union([z.string().max(1_000), z.number()]).optional(),
  system: z.string().min(1).max(64),
  headers: z.unknown(),
  body: z.unknown(),
});
const lineBytesMax = 8_388_608;

/** `holdpoint normalize --jsonl`: one line out for each line in, in order; a bad line is an answer, never an end. */
export const normalizeCommand: Register = (parent, { io, status }) => {
  subcommand(parent, 'normalize', 'turn webhook bodies into alerts, without a secret and without starting anything', [
    `echo '{"id":"1","system":"alertmanager","headers":{},"body":{…}}' | holdpoint normalize --jsonl`,
  ])
    .option('--jsonl', 'read JSON lines from standard input, write one JSON line for each')
    .action(
      run({ io, status }, async (options: { jsonl?: boolean }) => {
        if (options.jsonl !== true)
          throw new WrongUse('normalize reads JSON lines', 'add --jsonl and pipe lines into it');
        for await (const line of linesOf(io.input, lineBytesMax))
          io.out(JSON.stringify(line.kind === 'line' ? normalizeLine(line.text) : tooLong));
        return exitDone;
      }),
    );
};

type Answer = {
  readonly id: string | number | null;
  readonly ok: boolean;
  readonly alerts: readonly unknown[];
  /** Alerts of the same body that could not be read. */
  readonly rejected?: readonly unknown[];
  readonly error?: { readonly code: string; readonly message: string };
};

/** Answers one line. Never throws: whatever the line holds, the next one has its turn. */
export function normalizeLine(line: string): Answer {
  let id: string | number | null = null;
  try {
    const raw: unknown = JSON.parse(line);
    id = idOf(raw);
    const parsed = Line.safeParse(raw);
    if (!parsed.success) return bad(id, `line: ${firstIssue(parsed.error)}`);
    const { system, headers, body } = parsed.data;
    const result = normalize({ system, headers, body });
    if (!result.ok) return { id, ok: false, alerts: [], error: result.error };
    return {
      id,
      ok: true,
      alerts: result.alerts,
      ...(result.rejected.length === 0 ? {} : { rejected: result.rejected }),
    };
  } catch (error) {
    return bad(id, error instanceof SyntaxError ? 'line: expected JSON' : 'line: expected a webhook body');
  }
}

function bad(id: Answer['id'], message: string): Answer {
  return { id, ok: false, alerts: [], error: { code: 'BAD_INPUT', message } };
}

const tooLong = bad(null, `line: expected at most ${lineBytesMax} bytes`);

function idOf(raw: unknown): string | number | null {
  const id = typeof raw === 'object' && raw !== null && 'id' in raw ? raw.id : null;
  return typeof id === 'string' || typeof id === 'number' ? id : null;
}
