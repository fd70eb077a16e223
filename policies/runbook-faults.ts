import type { z } from 'zod';
import type { Condition, PlaybookCall, PlaybookRow, Runbook } from '../contracts/runbook.ts';
import { covers as scopesCover } from '../contracts/runbook-scopes.ts';
import type { ToolContract } from '../contracts/tools/contract.ts';
import { toolRegistry } from '../contracts/tools/registry.ts';
import { boundaryOf, entryOn } from './boundary.ts';
import { conditionFaults, type Placed, targetTests } from './condition-faults.ts';
import { compileEntries, covers, type Matcher } from './never-allow/matcher.ts';
import type { RunbookRule } from './runbook-rules.ts';
import type { Path } from './strict-yaml.ts';

type Call = z.infer<typeof PlaybookCall>;
/** `offset` is where in the text of the field, from 0; `key` is one of the keys of the mapping at `path`. */
export type Fault = {
  readonly rule: RunbookRule;
  readonly path: Path;
  readonly message: string;
  readonly offset?: number;
  readonly key?: string;
};
export const fault = (rule: RunbookRule, path: Path, message: string): Fault => ({ rule, path, message });

/**
 * What a runbook's schema cannot say: that its words name tools which exist, that its plan stays inside its own scopes,
 * and that no entry is without effect. Pure; an empty list means that the runbook may be loaded.
 */
export function runbookFaults(runbook: Runbook): readonly Fault[] {
  const unreadable = unreadableEntries(runbook);
  // The rest is then judged without a boundary, so that every other fault is named too.
  const readable = unreadable.length === 0 ? runbook : { ...runbook, action_boundary: noBoundary };
  const checks = [listedTools, boundary, limitsAgree, playbook, recovery];
  return [...unreadable, ...checks.flatMap((check) => check(readable))];
}

function listedTools({ tools }: Runbook): Fault[] {
  const seen = new Set<string>();
  return tools.flatMap(({ tool, scopes }, index) => {
    const path = ['tools', index, 'tool'];
    if (seen.has(tool)) return [fault('tools.repeated', path, `expected each tool once, got \`${tool}\` again`)];
    seen.add(tool);
    const contract = toolRegistry.get(tool);
    if (contract === undefined) return [fault('tools.unknown', path, `expected a known tool, got \`${tool}\``)];
    const missing = scopeKinds(contract).filter((kind) => scopes[kind] === undefined);
    return missing.map((kind) =>
      fault('tools.unscoped', ['tools', index, 'scopes'], `expected \`${kind}\`: \`${tool}\` is scoped by it`),
    );
  });
}

const scopeKinds = (contract: ToolContract) => [...new Set(contract.scopeOf({}, null).map(({ kind }) => kind))];

const noBoundary: Runbook['action_boundary'] = { never_allow: [], require_human: [], auto_approve: [] };

/** An entry that matches nothing protects nothing, and its author believes that it does. */
function unreadableEntries({ action_boundary }: Runbook): Fault[] {
  return (['never_allow', 'require_human'] as const).flatMap((list) => {
    const compiled = compileEntries(action_boundary[list]);
    if (compiled.ok) return [];
    return compiled.faults.map(({ index, offset, reason }) => ({
      ...fault('boundary.unreadable-entry', ['action_boundary', list, index], reason),
      offset,
    }));
  });
}

function boundary({ action_boundary }: Runbook): Fault[] {
  const { neverAllow, requireHuman } = boundaryOf({ action_boundary });
  return action_boundary.require_human.flatMap((entry, index) =>
    heldFaults(
      entry.trim(),
      requireHuman.filter((matcher) => matcher.entry === entry.trim()),
      neverAllow,
    ).map(({ rule, message }) => fault(rule, ['action_boundary', 'require_human', index], message)),
  );
}

/** What is wrong with one entry of require_human: it can never hold anything, or never may. */
function heldFaults(entry: string, held: readonly Matcher[], never: readonly Matcher[]): Omit<Fault, 'path'>[] {
  const tool = toolRegistry.get(entry);
  const by =
    tool === undefined ? never.find((wide) => held.every((one) => covers(wide, one)))?.entry : entryOn(never, tool);
  if (by != null) {
    const through = by === entry ? '' : ` by \`${by}\``;
    return [{ rule: 'boundary.contradiction', message: `\`${entry}\` is under never_allow${through}` }];
  }
  if (held.some(({ effect }) => effect === 'write')) return [];
  return [
    { rule: 'boundary.read-cannot-be-held', message: `expected a write, got \`${entry}\`: a read is never held` },
  ];
}

function limitsAgree({ limits, tools }: Runbook): Fault[] {
  const { writesPerIncidentMax, writesPerHourMax } = limits;
  const faults = tools.flatMap(({ tool, perIncidentMax }, index) =>
    toolRegistry.get(tool)?.targetKind != null && perIncidentMax > writesPerIncidentMax
      ? [
          fault(
            'limits.contradiction',
            ['tools', index, 'perIncidentMax'],
            `expected at most writesPerIncidentMax, ${writesPerIncidentMax}`,
          ),
        ]
      : [],
  );
  if (writesPerIncidentMax > writesPerHourMax)
    faults.push(
      fault(
        'limits.contradiction',
        ['limits', 'writesPerIncidentMax'],
        `expected at most writesPerHourMax, ${writesPerHourMax}`,
      ),
    );
  return faults;
}

function playbook(runbook: Runbook): Fault[] {
  const ids = runbook.playbook.map(({ id }) => id);
  return runbook.playbook.flatMap((row, index) => {
    const path: Path = ['playbook', index];
    const twice =
      ids.indexOf(row.id) < index
        ? [fault('playbook.repeated-row', [...path, 'id'], `expected each row id once, got \`${row.id}\``)]
        : [];
    return [...twice, ...conditionFaults(runbook, row.when, [...path, 'when']), ...rowFaults(runbook, row, path)];
  });
}

function rowFaults(runbook: Runbook, row: PlaybookRow, path: Path): Fault[] {
  if (!('calls' in row.do)) return [];
  const { calls } = row.do;
  const at: Path = [...path, 'do', 'calls'];
  const faults = calls.flatMap((call, index) => callFaults(runbook, call, row.when, [...at, index]));
  const writes = calls.filter(({ tool }) => toolRegistry.get(tool)?.targetKind != null);
  if (writes.length > 1)
    faults.push(fault('playbook.several-writes', at, `expected at most one write in a row, got ${writes.length}`));
  if (writes.length === 0 && !calls.some(({ tool }) => asksForMissing(row.when, tool)))
    faults.push(
      fault(
        'playbook.endless-row',
        [...path, 'when'],
        'expected `missing` of a tool that this row reads: it would repeat for ever',
      ),
    );
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
    if (writes)
      return [fault('recovery.not-a-read', [...path, index, 'tool'], `expected a read, got \`${call.tool}\``)];
    return callFaults(runbook, call, null, [...path, index]);
  });
  const read = new Set(reads.map(({ tool }) => tool));
  return [...faults, ...conditionFaults(runbook, healthy, ['recovery', 'healthy'], read)];
}

function callFaults(runbook: Runbook, call: Call, when: Condition | null, path: Path): Fault[] {
  const contract = toolRegistry.get(call.tool);
  if (contract === undefined)
    return [fault('tools.unknown', [...path, 'tool'], `expected a known tool, got \`${call.tool}\``)];
  const listing = runbook.tools.find(({ tool }) => tool === call.tool);
  if (listing === undefined)
    return [
      fault('playbook.tool-not-listed', [...path, 'tool'], `expected a tool under \`tools\`, got \`${call.tool}\``),
    ];
  const entry = entryOn(boundaryOf(runbook).neverAllow, contract);
  if (entry !== null) {
    const through = entry === call.tool ? '' : ` by \`${entry}\``;
    return [fault('playbook.forbidden-tool', [...path, 'tool'], `\`${call.tool}\` is under never_allow${through}`)];
  }
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
  if (call.target !== undefined)
    return [fault('playbook.bad-target', [...path, 'target'], `expected none: \`${call.tool}\` is a read`)];
  const parsed = contract.args.safeParse(call.args);
  const issue = parsed.success ? undefined : parsed.error.issues[0];
  if (!parsed.success)
    return [
      fault(
        'playbook.bad-arguments',
        [...path, 'args', ...(issue?.path ?? []).map(String)],
        issue?.message ?? 'expected other arguments',
      ),
    ];
  return contract
    .scopeOf(parsed.data, null)
    .filter((one) => !scopesCover(scopes, one))
    .map(({ kind, value }) =>
      fault(
        'playbook.outside-scope',
        [...path, 'args'],
        `expected \`${kind}\` of \`${call.tool}\` to include \`${value}\``,
      ),
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
    return [
      fault(
        'playbook.bad-target',
        [...path, 'target'],
        `expected \`entity\`: \`${call.tool}\` needs a target that a read found`,
      ),
    ];
  const [extra] = Object.keys(call.args);
  if (extra !== undefined)
    return [
      fault(
        'playbook.bad-arguments',
        [...path, 'args', extra],
        'expected no literal argument: a write has a target only',
      ),
    ];
  const sample = { target: { entity: `${targetKind}/0`, resultHash: '0'.repeat(64) } };
  if (!contract.args.safeParse(sample).success)
    return [
      fault(
        'playbook.bad-target',
        [...path, 'tool'],
        `\`${call.tool}\` needs more than a target, so no playbook can call it`,
      ),
    ];
  const tests: readonly Placed[] = when === null ? [] : targetTests(when, targetKind);
  return tests.length === 1
    ? []
    : [
        fault(
          'playbook.bad-target',
          path,
          `expected the row to test \`exactly: 1\` \`${targetKind}\` once, got ${tests.length} times`,
        ),
      ];
}
