import type { LogRecord } from '../../contracts/record.ts';
import type { Notifier } from '../notify/webhook.ts';
import type { Log } from './log.ts';

export type PagesDeps = { readonly log: Log; readonly notifier: Notifier; readonly clock: () => number };

/**
 * Tells a person of every stop and every unknown outcome that nobody was told of, and records each telling. Due until
 * recorded: a crash in between pages twice rather than never.
 */
export async function tellOfWhatIsUntold({ log, notifier, clock }: PagesDeps): Promise<void> {
  for (const record of [...log.state.untold.values()]) {
    const { about, workflowId, detail } = wordsOf(record);
    const at = new Date(clock()).toISOString();
    const delivered = await notifier.page({ about, at, workflowId, detail });
    await log.write(async (writer) => {
      if (!log.state.untold.has(record.seq)) return;
      await writer.append({ kind: 'page', workflowId, runId: null, about, to: notifier.to, detail, delivered });
    });
  }
}

type Words = { about: string; workflowId: string | null; detail: string };

/** The number of the record comes first: it is how the log knows that this one was told. */
function wordsOf({ seq, body }: LogRecord): Words {
  if (body.kind === 'outcome') {
    const { workflowId, runId, digest, attempt, why } = body;
    const what = `attempt ${attempt} at action ${digest} (run ${runId}) has an unknown outcome`;
    return { about: 'outcome-unknown', workflowId, detail: `record ${seq}: ${what}: ${why}` };
  }
  const what = body.kind === 'kill' ? `${body.scope} is stopped (${body.how}): ${body.reason}` : body.kind;
  return { about: 'stopped', workflowId: null, detail: `record ${seq}: ${what}`.slice(0, 1_000) };
}
