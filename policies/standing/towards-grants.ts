import type { GrantProgress } from '../../contracts/runbook-status.ts';
import type { ToolContract } from '../../contracts/tools/contract.ts';
import { toolRegistry } from '../../contracts/tools/registry.ts';
import { boundaryOf, entryOn } from '../boundary.ts';
import type { LoadedRunbook } from '../runbook.ts';
import type { Ledger } from './ledger.ts';
import { earningsOf, grantDaysMin, grantShortfalls } from './promotion.ts';

/** How far each low-risk write of a runbook is from a grant, for people: what decides is the recorder's own rule. */
export function towardsGrants(ledger: Ledger, loaded: LoadedRunbook, now: number): GrantProgress[] {
  const { promotion, dry_run_days, tools } = loaded.runbook;
  const granted = ledger.grants.live(loaded, now);
  return tools.flatMap(({ tool }): GrantProgress[] => {
    const contract = toolRegistry.get(tool);
    if (contract?.risk !== 'low') return [];
    const { dryRunDays, graded, correct, accuracyLowerBound } = earningsOf(ledger, loaded, now, tool);
    return [
      {
        tool,
        inverse: contract.inverse.tool,
        keptBy: keptBy(loaded, contract),
        days: Math.floor(dryRunDays),
        daysMin: Math.max(grantDaysMin, dry_run_days),
        graded,
        gradedMin: promotion.gradedMin,
        correct,
        accuracyLowerBound,
        accuracyMin: promotion.accuracyMin,
        missing: grantShortfalls(ledger, loaded, tool, now),
        grant: granted.find((one) => one.tool === tool)?.record ?? null,
      },
    ];
  });
}

function keptBy({ runbook }: LoadedRunbook, contract: ToolContract): string | null {
  const { neverAllow, requireHuman } = boundaryOf(runbook);
  return entryOn(neverAllow, contract) ?? entryOn(requireHuman, contract);
}
