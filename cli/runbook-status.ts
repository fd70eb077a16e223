import { askStatus, askStatuses } from '../activities/record/windows.ts';
import type { RunbookStatus } from '../contracts/runbook-status.ts';
import { visible } from '../policies/visible.ts';
import type { ClientConfig } from './client-config.ts';
import { doorOf, requireClientConfig } from './client-config.ts';
import { renderStatus, renderStatuses } from './runbooks/render-status.ts';
import type { Register } from './shell/command.ts';
import { answer, run, subcommand } from './shell/command.ts';
import { Refusal, showError } from './shell/refusal.ts';

/** `holdpoint runbook status`: where each runbook stands, why, and what it lacks, by the recorder's signed word. */
export const runbookStatus: Register = (parent, { io, status }) => {
  subcommand(parent, 'status', 'where each runbook stands, why, and what it lacks for the next ring', [
    'holdpoint runbook status',
    'holdpoint runbook status postgres-blocked-by-idle-transaction',
  ])
    .argument('[runbook]', 'only this one, with every command that it waits for')
    .action(
      run({ io, status }, async (only: string | undefined, options: { json?: boolean }) => {
        const config = requireClientConfig(io);
        const all = only === undefined ? await askStatuses(doorOf(config)) : [await one(config, only)];
        return answer(io, options.json, all, () => {
          const lines =
            only === undefined ? renderStatuses(all) : all.flatMap((each) => renderStatus(io, each, Date.now()));
          for (const line of lines) io.out(line);
        });
      }),
    );
};

async function one(config: ClientConfig, id: string): Promise<RunbookStatus> {
  try {
    return await askStatus(doorOf(config), id);
  } catch (error) {
    const { code, message } = showError(error);
    if (code !== 'NOT_FOUND') throw error;
    throw new Refusal(
      'NOT_FOUND',
      `no runbook \`${visible(id, 80)}\`: ${message}`,
      'list them with `holdpoint runbook status`',
    );
  }
}
