import type { SignedRecord } from '../contracts/record.ts';
import type { Standing } from '../contracts/standing.ts';
import { foldStanding } from '../policies/standing.ts';
import type { ClientConfig } from './client-config.ts';
import { requireClientConfig } from './client-config.ts';
import { readArchive } from './connect/archive.ts';
import { newestRules } from './connect/rules.ts';
import type { Register } from './shell/command.ts';
import { answer, run, subcommand } from './shell/command.ts';
import { Refusal } from './shell/refusal.ts';
import { table } from './shell/table.ts';

type Row = { readonly runbook: string; readonly digest: string; readonly standing: Standing };

/** `holdpoint runbook status`: the ring of each runbook, folded here from the verified log: nobody's word is taken. */
export const runbookStatus: Register = (parent, { io, status }) => {
  subcommand(parent, 'status', 'the ring of each runbook, and why', ['holdpoint runbook status'])
    .argument('[runbook]', 'only this one')
    .action(
      run({ io, status }, async (only: string | undefined, options: { json?: boolean }) => {
        const rows = await standings(requireClientConfig(io), only, Date.now());
        return answer(io, options.json, rows, () => {
          for (const line of render(rows)) io.out(line);
        });
      }),
    );
};

async function standings(config: ClientConfig, only: string | undefined, now: number): Promise<Row[]> {
  if (config.archiveDir === null)
    throw new Refusal(
      'NOT_FOUND',
      'the log is not on this machine: `archiveDir` in holdpoint.json is null',
      'run it where the recorder keeps the archive',
    );
  const rules = await newestRules(config, now);
  const wanted = [...rules.runbooks.values()].filter(({ id }) => only === undefined || id === only);
  if (wanted.length === 0)
    throw new Refusal(
      'NOT_FOUND',
      `no runbook \`${only ?? ''}\` in manifest ${rules.version}`,
      'list them with `holdpoint runbook status`',
    );
  const records: SignedRecord[] = [];
  for await (const record of readArchive(config.archiveDir, config.keys)) records.push(record);
  return wanted.map(({ id, digest }) => ({
    runbook: id,
    digest,
    standing: foldStanding(records, { id, digest }, now),
  }));
}

const render = (rows: readonly Row[]): string[] =>
  table(
    ['RUNBOOK', 'RING', 'UNTIL', 'RULE', 'DRY RUN SINCE', 'DIGEST'],
    rows.map(({ runbook, digest, standing }) => [
      runbook,
      String(standing.ring),
      standing.until ?? '-',
      standing.rule,
      standing.dryRunSince ?? '-',
      digest,
    ]),
  );
