import type { z } from 'zod';
import type { Condition, PlaybookCall, PlaybookRow, Runbook } from '../contracts/runbook.ts';
import type { ToolContract } from '../contracts/tools/contract.ts';
import { toolRegistry } from '../contracts/tools/registry.ts';
import { conditionFaults, type Placed, targetTests } from './condition-faults.ts';
import type { Path } from './strict-yaml.ts';

type Call = z.infer<typeof PlaybookCall>;
export type Fault = { readonly path: Path; readonly message: string };
const fault = (path: Path, message: string): Fault => ({ path, message });

/**
 * What a runbook's schema cannot say: that its words name tools which exist, that its plan stays inside its own scopes,
 * and that no entry is without effect. Pure; an empty list means that the runbook may be loaded.
 */
export function runbookFaults(runbook: Runbook): readonly Fault[] {
  const checks = [listedTools, boundary, limitsAgree, playbook, recovery];
  return checks.flatMap((check) => check(runbook));
}

function listedTools({ tools }: Runbook): Fault[] {
  const seen = new Set<string>();
  return tools.flatMap(({ tool, scopes }, index) => {
    const path = ['tools', index, 'tool'];
    if (seen.has(tool)) return [fault(path, `expected each tool once, got \`${tool}\` again`)];
    seen.add(tool);
    const contract = toolRegistry.get(tool);
    if (contract === undefined) return [fault(path, `expected a known tool, got \`${tool}\``)];
    const missing = scopeKinds(contract).filter((kind) => scopes[kind] === undefined);
    return missing.map((kind) =>
      fault(['tools', index, 'scopes'], `expected \`${kind}\`: \`${tool}\` is scoped by it`),
    );
  });
}

const scopeKinds = (contract: ToolContract) => [...new Set(contract.scopeOf({}, null).map(({ kind }) => kind))];

/** An entry that matches nothing protects nothing, and its author believes that it does. */
function boundary({ action_boundary: { never_allow, require_human } }: Runbook): Fault[] {
  const at = (list: string, index: number): Path => ['action_boundary', list, index];
  const unknown = (list: string) => (tool: string, index: number) =>
    toolRegistry.has(tool) ? [] : [fault(at(list, index), `expected a known tool, got \`${tool}\``)];
  return [
    ...never_allow.flatMap(unknown('never_allow')),
    ...require_human.flatMap(unknown('require_human')),
    ...require_human.flatMap((tool, index) => {
      if (never_allow.includes(tool)) return [fault(at('require_human', index), `\`${tool}\` is under never_allow`)];
      if (toolRegistry.get(tool)?.risk !== 'read') return [];
      return [fault(at('require_human', index), `expected a write, got \`${tool}\`: a read is never held`)];
    }),
  ];
}

function limitsAgree({ limits, tools }: Runbook): Fault[] {
  const { writesPerIncidentMax, writesPerHourMax } = limits;
  const faults = tools.flatMap(({ tool, perIncidentMax }, index) =>
    toolRegistry.get(tool)?.targetKind != null && perIncidentMax > writesPerIncidentMax
      ? [fault(['tools', index, 'perIncidentMax'], `expected at most writesPerIncidentMax, ${writesPerIncidentMax}`)]
      : [],
  );
  if (writesPerIncidentMax > writesPerHourMax)
    faults.push(fault(['limits', 'writesPerIncidentMax'], `expected at most writesPerHourMax, ${writesPerHourMax}`));
  return faults;
}

function playbook(runbook: Runbook): Fault[] {
  const ids = runbook.playbook.map(({ id }) => id);
  return runbook.playbook.flatMap((row, index) => {
    const path: Path = ['playbook', index];
    const twice =
      ids.indexOf(row.id) < index ? [fault([...path, 'id'], `expected each row id once, got \`${row.id}\``)] : [];
    return [...twice, ...conditionFaults(runbook, row.when, [...path, 'when']), ...rowFaults(runbook, row, path)];
  });
}

function rowFaults(runbook: Runbook, row: PlaybookRow, path: Path): Fault[] {
  if (!('calls' in row.do)) return [];
  const { calls } = row.do;
  const at: Path = [...path, 'do', 'calls'];
  const faults = calls.flatMap((call, index) => callFaults(runbook, call, row.when, [...at, index]));
  const writes = calls.filter(({ tool }) => toolRegistry.get(tool)?.targetKind != null);
  if (writes.length > 1) faults.push(fault(at, `expected at most one write in a row, got ${writes.length}`));
  if (writes.length === 0 && !calls.some(({ tool }) => asksForMissing(row.when, tool)))
    faults.push(fault([...path, 'when'], 'expected `missing` of a tool that this row reads: it would repeat for ever'));
  return faults;
}

const asksForMissing = (condition: Condition, tool: string): boolean =>
  'all' in condition
    ? condition.all.some((inner) => asksForMissing(inner, tool))
    : 'missing' in condition && condition.missing === tool;

function recovery(runbook: Runbook): Fault[] {
  const { reads, healthy } = runbook.recovery;
  const path: Path = ['recovery', 'reads'];
  const faults = reads.flatMap((call, index) => {
    const writes = toolRegistry.get(call.tool)?.targetKind != null;
    if (writes) return [fault([...path, index, 'tool'], `expected a read, got \`${call.tool}\``)];
    return callFaults(runbook, call, null, [...path, index]);
  });
  const read = new Set(reads.map(({ tool }) => tool));
  return [...faults, ...conditionFaults(runbook, healthy, ['recovery', 'healthy'], read)];
}

function callFaults(runbook: Runbook, call: Call, when: Condition | null, path: Path): Fault[] {
  const contract = toolRegistry.get(call.tool);
  if (contract === undefined) return [fault([...path, 'tool'], `expected a known tool, got \`${call.tool}\``)];
  const listing = runbook.tools.find(({ tool }) => tool === call.tool);
  if (listing === undefined) return [fault([...path, 'tool'], `expected a tool under \`tools\`, got \`${call.tool}\``)];
  if (runbook.action_boundary.never_allow.includes(call.tool))
    return [fault([...path, 'tool'], `\`${call.tool}\` is under never_allow`)];
  return contract.targetKind === null
    ? readFaults(contract, listing.scopes, call, path)
    : writeFaults(contract, contract.targetKind, call, when, path);
}

function readFaults(
  contract: ToolContract,
  scopes: Runbook['tools'][number]['scopes'],
  call: Call,
  path: Path,
): Fault[] {
  if (call.target !== undefined) return [fault([...path, 'target'], `expected none: \`${call.tool}\` is a read`)];
  const parsed = contract.args.safeParse(call.args);
  const issue = parsed.success ? undefined : parsed.error.issues[0];
  if (!parsed.success)
    return [fault([...path, 'args', ...(issue?.path ?? []).map(String)], issue?.message ?? 'expected other arguments')];
  return contract
    .scopeOf(parsed.data, null)
    .flatMap(({ kind, value }) =>
      scopes[kind]?.includes(value)
        ? []
        : [fault([...path, 'args'], `expected \`${kind}\` of \`${call.tool}\` to include \`${value}\``)],
    );
}

function writeFaults(
  contract: ToolContract,
  targetKind: string,
  call: Call,
  when: Condition | null,
  path: Path,
): Fault[] {
  if (call.target !== 'entity')
    return [fault([...path, 'target'], `expected \`entity\`: \`${call.tool}\` needs a target that a read found`)];
  const [extra] = Object.keys(call.args);
  if (extra !== undefined)
    return [fault([...path, 'args', extra], 'expected no literal argument: a write has a target only')];
  const sample = { target: { entity: `${targetKind}/0`, resultHash: '0'.repeat(64) } };
  if (!contract.args.safeParse(sample).success)
    return [fault([...path, 'tool'], `\`${call.tool}\` needs more than a target, so no playbook can call it`)];
  const tests: readonly Placed[] = when === null ? [] : targetTests(when, targetKind);
  return tests.length === 1
    ? []
    : [fault(path, `expected the row to test \`exactly: 1\` \`${targetKind}\` once, got ${tests.length} times`)];
}
