import { Command, CommanderError } from 'commander';
import { approveCommand } from './approve.ts';
import { checkCommand } from './check.ts';
import { completionCommand } from './completion.ts';
import { demoCommand } from './demo.ts';
import { devCommand } from './dev.ts';
import { incidentsCommand } from './incidents.ts';
import { killCommand } from './kill.ts';
import { manifestCommand } from './manifest.ts';
import { normalizeCommand } from './normalize.ts';
import { raiseCommand } from './raise.ts';
import { rejectCommand } from './reject.ts';
import { resumeCommand } from './resume.ts';
import { runbookCommand } from './runbook.ts';
import { sanitizeCommand } from './sanitize.ts';
import { reportError } from './shell/command.ts';
import type { Io } from './shell/io.ts';
import type { ExitStatus } from './shell/refusal.ts';
import { exitDone, exitWrongUse, WrongUse } from './shell/refusal.ts';
import { showCommand } from './show.ts';
import { signCommand } from './sign.ts';
import { verifyCommand } from './verify.ts';

const registers = [
  demoCommand,
  devCommand,
  incidentsCommand,
  showCommand,
  signCommand,
  approveCommand,
  rejectCommand,
  raiseCommand,
  killCommand,
  resumeCommand,
  runbookCommand,
  manifestCommand,
  checkCommand,
  normalizeCommand,
  sanitizeCommand,
  verifyCommand,
  completionCommand,
] as const;

/** The whole command, as data: `completion` and the tests walk over it. */
export function createProgram(io: Io, setStatus: (status: ExitStatus) => void): Command {
  const program = new Command('holdpoint')
    .description('agentic incident runbooks on Temporal in which every production write is a hold point')
    .showHelpAfterError('next: run it with --help')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text.replace(/\n$/, '')),
      writeErr: (text) => io.err(text.replace(/\n$/, '')),
      getOutHasColors: () => io.paint.isColorSupported,
      getErrHasColors: () => io.paintErr.isColorSupported,
    })
    .addHelpText(
      'after',
      '\nExample:\n  $ holdpoint demo --yes\n\nExit status: 0 done, 1 refused or failed check, 2 wrong use.',
    );
  for (const register of registers) register(program, { io, status: { set: setStatus } });
  return program;
}

/** Runs one command line (without `node` and the script) and answers its exit status. Never throws. */
export async function runCli(argv: readonly string[], io: Io): Promise<ExitStatus> {
  let status: ExitStatus = exitDone;
  const program = createProgram(io, (set) => {
    status = set;
  });
  try {
    if (argv.length === 0) throw new WrongUse('expected a command', 'run `holdpoint --help`');
    await program.parseAsync([...argv], { from: 'user' });
    return status;
  } catch (error) {
    // Commander has printed its own line, and exits 1 for wrong use: scripts tell 2 from a refusal.
    if (error instanceof CommanderError) {
      if (error.code === 'commander.help') io.err('next: name one of these commands');
      return error.exitCode === 0 ? exitDone : exitWrongUse;
    }
    return reportError(io, error, argv.includes('--json'));
  }
}
