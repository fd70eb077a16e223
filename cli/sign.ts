import { withTemporal } from './connect/temporal.ts';
import type { Register } from './shell/command.ts';
import { run, subcommand } from './shell/command.ts';
import { exitDone } from './shell/refusal.ts';
import type { SignOptions } from './statements/sign-hold.ts';
import { signHold } from './statements/sign-hold.ts';
import { withSignOptions } from './statements/sign-options.ts';

/** `holdpoint sign`: prints exactly the signed statement, so that it can be the input of a Temporal signal. */
export const signCommand: Register = (parent, context) => {
  withSignOptions(
    subcommand(parent, 'sign', 'show a held action in full, and print a signed statement over it', [
      'temporal workflow signal -w incident/alertmanager/3f… --name approve \\',
      '      --input "$(holdpoint sign incident/alertmanager/3f… 9c…)"',
    ]),
  )
    .option('--reject', 'sign a rejection instead of a release')
    .action(
      run(context, async (workflowId: string, digest: string, options: SignOptions & { reject?: boolean }) => {
        const verdict = options.reject === true ? 'reject' : 'approve';
        const { signed } = await withTemporal(context.io, (temporal) =>
          signHold(context.io, temporal, { workflowId, digest, verdict }, options),
        );
        context.io.out(JSON.stringify(signed));
        return exitDone;
      }),
    );
};
