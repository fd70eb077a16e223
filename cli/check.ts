import { loadSqlParser } from '../policies/sql-read.ts';
import { checkLine, tooLongLine } from './check/check-line.ts';
import { type Asked, judgeAsked } from './check/judge-asked.ts';
import { renderVerdict } from './check/render-verdict.ts';
import { runbookRules } from './check/runbook-rules.ts';
import type { Register } from './shell/command.ts';
import { run, subcommand } from './shell/command.ts';
import type { Io } from './shell/io.ts';
import { linesOf } from './shell/lines.ts';
import { type ExitStatus, exitDone, exitRefused, Refusal, WrongUse } from './shell/refusal.ts';

type Options = {
  readonly jsonl?: boolean;
  readonly explain?: boolean;
  readonly runbook?: string;
  readonly sql?: boolean;
  readonly strict?: boolean;
  readonly json?: boolean;
};
const lineBytesMax = 1_048_576;
const textBytesMax = 1_048_576;

const exitStatuses = `
Exit status: 0 allow or require_human, 1 deny (with --strict also require_human), 2 wrong use.
With --jsonl: 0 when every line was answered, whatever the answers.

docs/never-allow.md lists the rules.`;

/** `holdpoint check`: what the floor, and a runbook's own list, say of a command, a statement or a tool call. */
export const checkCommand: Register = (parent, { io, status }) => {
  subcommand(parent, 'check', 'judge a command or statement: deny, require_human or allow; nothing is run', [
    `holdpoint check 'kubectl delete deploy web'`,
    'holdpoint check --explain - < deploy.sh',
    `echo '{"id":"1","command":"terraform destroy"}' | holdpoint check --jsonl`,
  ])
    .argument('[text]', 'the text as one argument; `-` reads it from standard input')
    .option('--jsonl', 'read JSON lines from standard input, write one JSON line for each')
    .option('--sql', 'the text is SQL')
    .option('--explain', 'also print every action that was found')
    .option('--runbook <file>', "also apply this runbook's never_allow list")
    .option('--strict', 'exit with 1 for require_human too')
    .addHelpText('after', exitStatuses)
    .action(
      run({ io, status }, async (text: string | undefined, options: Options) => {
        await loadSqlParser();
        const forbids = options.runbook === undefined ? [] : [await runbookRules(io, options.runbook)];
        if (options.jsonl === true) {
          if (text !== undefined) throw new WrongUse('--jsonl reads standard input', 'leave the text out');
          for await (const line of linesOf(io.input, lineBytesMax))
            io.out(JSON.stringify(line.kind === 'line' ? checkLine(line.text, forbids) : tooLongLine));
          return exitDone;
        }
        const given = await textOf(io, text);
        const asked: Asked = options.sql === true ? { sql: given } : { command: given };
        const verdict = judgeAsked(asked, forbids);
        if (options.json === true) io.out(JSON.stringify(verdict));
        else for (const line of renderVerdict(io, verdict, options.explain === true)) io.out(line);
        return statusOf(verdict.verdict, options.strict === true);
      }),
    );
};

function statusOf(verdict: 'deny' | 'require_human' | 'allow', strict: boolean): ExitStatus {
  return verdict === 'deny' || (strict && verdict === 'require_human') ? exitRefused : exitDone;
}

async function textOf(io: Io, text: string | undefined): Promise<string> {
  if (text === undefined)
    throw new WrongUse('no text to check', 'give it as one argument, quoted, or `-` for standard input');
  if (text !== '-') return text;
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of io.input) {
    const piece = Buffer.from(chunk as string | Buffer);
    bytes += piece.byteLength;
    if (bytes > textBytesMax)
      throw new Refusal('TOO_LARGE', `expected at most ${textBytesMax} bytes`, 'check it in parts');
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}
