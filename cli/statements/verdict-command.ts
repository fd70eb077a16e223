import { postStatements } from '../../activities/record/client.ts';
import type { SignedStatement } from '../../contracts/statement.ts';
import { doorOf, requireClientConfig } from '../client-config.ts';
import { withTemporal } from '../connect/temporal.ts';
import type { Context, Register } from '../shell/command.ts';
import { run, subcommand } from '../shell/command.ts';
import type { Io } from '../shell/io.ts';
import type { ExitStatus } from '../shell/refusal.ts';
import { exitDone, exitRefused, showError } from '../shell/refusal.ts';
import type { Effect } from './send-verdict.ts';
import { awaitEffect, beforeSending, sendVerdict } from './send-verdict.ts';
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
    const { signed } = await signHold(io, temporal, given, options);
    const before = await beforeSending(temporal, given.workflowId);
    await sendVerdict(temporal, given.workflowId, signed);
    const recorded = given.verdict === 'reject' ? await postRejection(io, signed) : null;
    const effect: Effect = options.wait
      ? await awaitEffect(temporal, given.workflowId, signed, before)
      : { kind: 'sent', detail: 'not waited for' };
    const ok = isGood(effect, options.wait);
    if (options.json === true)
      io.out(JSON.stringify({ ok, verdict: given.verdict, digest: given.digest, effect, recorded }));
    else io.out(`${ok ? io.paint.green(headOf(effect)) : io.paint.red(headOf(effect))}: ${effect.detail}`);
    if (!ok) io.err(`next: look with \`holdpoint show ${given.workflowId}\`, then sign what waits now`);
    return ok ? exitDone : exitRefused;
  });
}

/**
 * A rejection goes to the recorder as well: there it wins over every later receipt, whatever becomes of the signal.
 * Answers the record's number, or null: the signal alone rejects too.
 */
async function postRejection(io: Io, signed: SignedStatement): Promise<number | null> {
  try {
    return (await postStatements(doorOf(requireClientConfig(io)), [signed])).seq;
  } catch (error) {
    const { code, message } = showError(error);
    io.err(`the recorder did not take the rejection (${code}: ${message}); the signal carries it`);
    return null;
  }
}

/** Waited for and not seen is no success: a script must not go on as if the write had happened. */
function isGood(effect: Effect, waited: boolean): boolean {
  if (effect.kind === 'sent') return !waited;
  return effect.kind === 'counted' && (effect.end === null || ['executed', 'rejected'].includes(effect.end));
}

function headOf(effect: Effect): string {
  switch (effect.kind) {
    case 'counted':
      return effect.end ?? 'counted';
    case 'refused':
      return `refused ${effect.code}`;
    case 'sent':
      return 'sent';
  }
}
