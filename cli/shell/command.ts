import { Command } from 'commander';
import type { Io } from './io.ts';
import type { ExitStatus } from './refusal.ts';
import { exitDone, showError } from './refusal.ts';

/** Where a command leaves its exit status: commander's actions have no return value that anyone reads. */
export type Status = { set(status: ExitStatus): void };
export type Context = { readonly io: Io; readonly status: Status };
/** One file of `cli/` registers one command. */
export type Register = (parent: Command, context: Context) => void;

/** A subcommand with `--json` and an example under its help: every command has both. */
export function subcommand(parent: Command, nameAndArguments: string, summary: string, examples: string[]): Command {
  return parent
    .command(nameAndArguments)
    .summary(summary)
    .description(summary)
    .option('--json', 'print one JSON document, or one JSON line for each item of a stream')
    .addHelpText('after', `\nExample:\n${examples.map((line) => `  $ ${line}`).join('\n')}`);
}

/** A group of subcommands: alone it shows its help and is wrong use. */
export const group = (parent: Command, name: string, summary: string): Command =>
  parent.command(name).summary(summary).description(summary);

/**
 * Wraps an action: its status becomes the exit status, what it throws becomes two lines on standard error (with `--json`
 * also a JSON document on standard output), never a stack trace.
 */
export function run<A extends unknown[]>(
  { io, status }: Context,
  action: (...given: A) => Promise<ExitStatus>,
): (...given: A) => Promise<void> {
  return async (...given) => {
    try {
      status.set(await action(...given));
    } catch (error) {
      status.set(reportError(io, error, wantsJson(given)));
    }
  };
}

/** Prints an error for a person, and for a script when it asked for JSON. */
export function reportError(io: Io, error: unknown, json: boolean): ExitStatus {
  const { code, message, next, status } = showError(error);
  if (json) io.out(JSON.stringify({ ok: false, error: { code, message, next } }));
  io.err(`${io.paintErr.red('error')} ${code}: ${message}`);
  io.err(`next: ${next}`);
  if ((io.env.HOLDPOINT_DEBUG ?? '') !== '' && error instanceof Error) io.err(error.stack ?? '');
  return status;
}

const wantsJson = (given: readonly unknown[]): boolean => {
  const command = given.findLast((value): value is Command => value instanceof Command);
  return command?.opts().json === true;
};

/** Prints a value as JSON when asked, else lets the caller print for a person. */
export function answer(io: Io, json: boolean | undefined, value: unknown, forPerson: () => void): ExitStatus {
  if (json === true) io.out(JSON.stringify(value));
  else forPerson();
  return exitDone;
}
