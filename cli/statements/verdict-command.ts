import { withTemporal } from '../connect/temporal.ts';
import type { Context, Register } from '../shell/command.ts';
import { run, subcommand } from '../shell/command.ts';
import type { ExitStatus } from '../shell/refusal.ts';
import { exitDone, exitRefused } from '../shell/refusal.ts';
import type { Effect } from './send-verdict.ts';
import { awaitEffect, sendVerdict } from './send-verdict.ts';
import type { SignOptions } from './sign-hold.ts';
import { signHold } from './sign-hold.ts';
import { withSignOptions } from './sign-options.ts';

type Options = SignOptions & { readonly wait: boolean; readonly json?: boolean };

/** `approve` and `reject` are one act with two verdicts: sign what was shown, send it, say what became of it. */
export function verdictCommand(name: 'approve' | 'reject', summary: string): Register {
  return (parent, context) => {
    withSignOptions(subcommand(parent, name, summary, [`holdpoint ${name} incident/alertmanager/3f… 9c…`]))
      .option('--no-wait', 'return when the signal is sent, without waiting for its effect')
      .action(
        run(context, (workflowId: string, digest: string, options: Options) =>
          decide(context, { workflowId, digest, verdict: name }, options),
        ),
      );
  };
}

async function decide(
  { io }: Context,
  given: { readonly workflowId: string; readonly digest: string; readonly verdict: 'approve' | 'reject' },
  options: Options,
): Promise<ExitStatus> {
  return withTemporal(io, async (temporal) => {
    const sent = await signHold(io, temporal, given, options);
    await sendVerdict(temporal, given.workflowId, sent.signed);
    const effect: Effect = options.wait
      ? await awaitEffect(temporal, given.workflowId, sent)
      : { kind: 'sent', detail: 'not waited for' };
    // Waited for and not seen is no success: a script must not go on as if the hold were released.
    const ok = effect.kind === 'counted' || (effect.kind === 'sent' && !options.wait);
    if (options.json === true) io.out(JSON.stringify({ ok, verdict: given.verdict, digest: given.digest, effect }));
    else io.out(`${ok ? io.paint.green(effect.kind) : io.paint.red(failed(effect))}: ${effect.detail}`);
    if (!ok) io.err(`next: look with \`holdpoint show ${given.workflowId}\`, then sign what waits now`);
    return ok ? exitDone : exitRefused;
  });
}

const failed = (effect: Effect): string =>
  effect.kind === 'refused' ? `refused ${effect.code}` : 'sent, not seen to count';
