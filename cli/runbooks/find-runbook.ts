import { askStatus } from '../../activities/record/windows.ts';
import type { RunbookStatus } from '../../contracts/runbook-status.ts';
import type { Rules } from '../../policies/manifest.ts';
import type { LoadedRunbook } from '../../policies/runbook.ts';
import { visible } from '../../policies/visible.ts';
import type { ClientConfig } from '../client-config.ts';
import { doorOf } from '../client-config.ts';
import { newestRules } from '../connect/rules.ts';
import { Refusal } from '../shell/refusal.ts';

export type Found = { readonly rules: Rules; readonly loaded: LoadedRunbook; readonly status: RunbookStatus };

/**
 * A runbook as the signer's own manifest has it, and where the recorder says that this very text stands: nobody types a
 * digest, and nobody signs for a text that they do not have. Throws `Refusal` NOT_FOUND or RUNBOOK_MISMATCH.
 */
export async function findRunbook(config: ClientConfig, id: string): Promise<Found> {
  const rules = await newestRules(config, Date.now());
  const loaded = rules.runbooks.get(id);
  if (loaded === undefined)
    throw new Refusal(
      'NOT_FOUND',
      `no runbook \`${visible(id, 80)}\` in manifest ${rules.version}`,
      'list them with `holdpoint runbook status`',
    );
  const status = await askStatus(doorOf(config), id);
  if (status.digest === loaded.digest) return { rules, loaded, status };
  throw new Refusal(
    'RUNBOOK_MISMATCH',
    `your manifest ${rules.version} and the recorder's, ${status.manifestVersion}, have different texts of \`${id}\``,
    'bring the newest manifest into `manifestDir` of holdpoint.json, and run it again',
  );
}
