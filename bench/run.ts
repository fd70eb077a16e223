import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createCleanup } from '../cli/local/cleanup.ts';
import type { Bench } from './bench.ts';
import { benches } from './benches.ts';

const usage = `Usage: npm run bench -- NAME [--rounds N]
       npm run bench -- --list

Measures the subject and its peer in turns, in one run, and prints each round. The last line is one JSON object with the
medians: ratio is peer over subject, so above 1 we are better. A ratio below the bench's floor ends with status 1, unless
what was measured is time and the machine was too busy for it.

  --rounds N   how many rounds, each with both sides
  --list       the names, one a line
  --help       this text

${benches.map(({ name, about }) => `  ${name.padEnd(16)} ${about}`).join('\n')}
`;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** 0 done, 1 failed or below the floor, 2 wrong use. */
async function main(argv: readonly string[]): Promise<number> {
  const asked = understand(argv);
  if (asked.kind === 'wrong') {
    process.stderr.write(`${asked.why}\n`);
    return 2;
  }
  if (asked.kind === 'say') {
    process.stdout.write(asked.text);
    return 0;
  }
  return measure(asked.bench, asked.rounds);
}

type Asked =
  | { readonly kind: 'wrong'; readonly why: string }
  | { readonly kind: 'say'; readonly text: string }
  | { readonly kind: 'measure'; readonly bench: Bench; readonly rounds: number };
const wrong = (why: string): Asked => ({ kind: 'wrong', why });
const names = benches.map(({ name }) => name).join('\n');

function understand(argv: readonly string[]): Asked {
  const options = { list: { type: 'boolean' }, help: { type: 'boolean' }, rounds: { type: 'string' } } as const;
  let parsed: ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true; args: string[] }>>;
  try {
    parsed = parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (error) {
    return wrong(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
  }
  const { values, positionals } = parsed;
  if (values.help) return { kind: 'say', text: usage };
  if (values.list) return { kind: 'say', text: `${names}\n` };
  const [name, ...more] = positionals;
  if (name === undefined || more.length > 0) return wrong(`expected one name, got ${positionals.length}\n\n${usage}`);
  const bench = benches.find((one) => one.name === name);
  if (bench === undefined) return wrong(`no bench \`${name}\`; expected one of\n${names}`);
  const rounds = values.rounds === undefined ? bench.roundsUsual : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > bench.roundsMax)
    return wrong(`--rounds \`${values.rounds}\`: expected 1 to ${bench.roundsMax}`);
  return { kind: 'measure', bench, rounds };
}

/** Whatever happens, and on Ctrl-C: everything that was started is ended before this resolves. */
async function measure(bench: Bench, rounds: number): Promise<number> {
  const home = await mkdtemp(join(tmpdir(), 'holdpoint-bench-'));
  const cleanup = createCleanup();
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => stopping.abort(new Error(`stopped by ${signal}`)));
  const stopped = new Promise<never>((_, reject) => {
    stopping.signal.addEventListener('abort', () => reject(stopping.signal.reason), { once: true });
  });
  stopped.catch(() => undefined); // stopped before anybody waits for it
  const fail = (why: string): void => stopping.abort(new Error(why));
  try {
    const { compete, isBelowFloor } = await import('./contest.ts');
    const work = compete(bench, rounds, { home, cleanup, say, fail });
    const result = await Promise.race([work, stopped]);
    for (const failed of await cleanup.run()) say(`could not stop ${failed}`);
    say(JSON.stringify(result));
    return isBelowFloor(bench, result) ? 1 : 0;
  } catch (error) {
    process.stderr.write(`${told(error, stopping.signal)}\n`);
    return 1;
  } finally {
    await cleanup.run();
    await rm(home, { recursive: true, force: true });
  }
}

/** Why it was stopped needs no stack; what went wrong by itself does. */
const told = (error: unknown, { aborted }: AbortSignal): string => {
  if (!(error instanceof Error)) return String(error);
  return aborted ? error.message : (error.stack ?? error.message);
};

// Work that was cut short must not keep the program alive.
process.exit(await main(process.argv.slice(2)));
