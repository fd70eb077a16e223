import type { DemoEvent, Emit } from './demo/events.ts';
import { runDemo } from './demo/run-demo.ts';
import { render } from './demo/screen.ts';
import type { Register } from './shell/command.ts';
import { run, subcommand } from './shell/command.ts';
import type { Io } from './shell/io.ts';
import { exitDone, exitRefused } from './shell/refusal.ts';

type Options = { readonly yes?: boolean; readonly json?: boolean; readonly keep?: boolean; readonly archive?: string };

/** `holdpoint demo`: one real incident, end to end, on this machine. */
export const demoCommand: Register = (parent, { io, status }) => {
  subcommand(parent, 'demo', 'one real incident, end to end: a stuck database, an alert, a held write, a release', [
    'holdpoint demo --yes',
    'holdpoint demo --json --yes --archive ./archive',
  ])
    .option('-y, --yes', 'release as the demo approver; without it, you release from another terminal')
    .option('--keep', 'leave everything running afterwards, until Ctrl-C')
    .option('--archive <dir>', 'write the log there, and keep it')
    .action(
      run({ io, status }, async (options: Options) => {
        const emit = options.json === true ? emitJson(io) : emitScreen(io);
        const ok = await runDemo(
          io,
          { yes: options.yes === true, keep: options.keep === true, archive: options.archive ?? null },
          emit,
        );
        return ok ? exitDone : exitRefused;
      }),
    );
};

const emitJson =
  (io: Io): Emit =>
  (event: DemoEvent) =>
    io.out(JSON.stringify({ at: new Date().toISOString(), ...event }));

/** Progress goes to standard error, the story to standard output. */
const emitScreen =
  (io: Io): Emit =>
  (event: DemoEvent) => {
    const print = event.event === 'preparing' ? io.err : io.out;
    for (const line of render(event, Date.now(), event.event === 'preparing' ? io.paintErr : io.paint)) print(line);
  };
