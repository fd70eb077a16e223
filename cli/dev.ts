import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { homeOf } from './client-config.ts';
import type { DevEmit, DevEvent } from './dev/run-dev.ts';
import { runDev } from './dev/run-dev.ts';
import type { Register } from './shell/command.ts';
import { run, subcommand } from './shell/command.ts';
import type { Io } from './shell/io.ts';
import { exitDone, Refusal } from './shell/refusal.ts';

type Options = {
  readonly json?: boolean;
  readonly runbooks: string;
  readonly role: string;
  readonly scene?: boolean;
  readonly waive?: boolean;
};

/** `holdpoint dev`: a whole installation for one person on one machine, kept in one folder. */
export const devCommand: Register = (parent, { io, status }) => {
  subcommand(parent, 'dev', 'run everything on this machine, kept under .holdpoint/, until Ctrl-C', [
    'holdpoint dev',
    'holdpoint dev --scene --waive     # with payments in trouble, and dry runs waived by your own signature',
    'holdpoint dev                     # pages people where .holdpoint/notify.json says (docs/operations.md, Paging)',
  ])
    .option('--runbooks <dir>', 'folder of runbooks; a change signs a new manifest', 'runbooks')
    .option('--role <role>', "the executor's role, as the runbooks name it", 'payments-db')
    .option('--scene', 'put the embedded payments database in trouble')
    .option('--waive', 'waive the dry run of each runbook for 8 hours, by your signature')
    .action(
      run({ io, status }, async (options: Options) => {
        const runbooksDir = resolve(io.cwd, options.runbooks);
        if (!existsSync(runbooksDir))
          throw new Refusal(
            'NOT_FOUND',
            `no folder \`${runbooksDir}\``,
            'make it and put a runbook there, or name another with --runbooks',
          );
        const emit = options.json === true ? emitJson(io) : emitLines(io);
        const { role, scene, waive } = options;
        await runDev(
          { home: homeOf(io), runbooksDir, role, scene: scene === true, waive: waive === true },
          emit,
          io.nextInterrupt(),
        );
        return exitDone;
      }),
    );
};

const emitJson =
  (io: Io): DevEmit =>
  (event) =>
    io.out(JSON.stringify({ at: new Date().toISOString(), ...event }));

const emitLines =
  (io: Io): DevEmit =>
  (event) => {
    for (const line of render(io, event)) (event.event === 'progress' ? io.err : io.out)(line);
  };

function render(io: Io, event: DevEvent): string[] {
  switch (event.event) {
    case 'progress':
      return [`… ${event.what}`];
    case 'resumed':
      return [`resumed   ${event.scope}, signed with your key (record ${event.record})`];
    case 'waived':
      return [
        `waived    the dry run of ${event.runbook} until ${event.until}, signed with your key (record ${event.record})`,
      ];
    case 'manifest':
      return [`manifest  ${event.version} signed and published`];
    case 'ended':
      return [`${io.paint.red('ended')}     ${event.process} (${event.how}); it is started again`];
    case 'stopped':
      return ['stopped'];
    case 'ready':
      return [
        `console   ${event.console} (once; the token for another browser is in ${join(event.home, 'keys', 'console-token')})`,
        `gateway   ${event.gatewayUrl}/webhooks/alertmanager (bearer token in ${join(event.home, 'keys', 'alertmanager-token')})`,
        `temporal  ${event.temporal}${event.temporalUi === null ? '' : `, UI ${event.temporalUi}`}`,
        `you       ${event.person}, SSH key ${event.sshKey}`,
        `manifest  ${event.manifest}`,
        io.paint.dim(
          'six processes of one user on one machine: this shows the separation of authority, it does not enforce it',
        ),
        `try       npx holdpoint raise PaymentsDatabaseBlocked -l service=payments -l severity=critical`,
        'Ctrl-C stops it; what is open goes on at the next start',
      ];
  }
}
