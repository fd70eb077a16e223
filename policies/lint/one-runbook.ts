import type { Runbook } from '../../contracts/runbook.ts';
import type { ToolContract } from '../../contracts/tools/contract.ts';
import { toolRegistry } from '../../contracts/tools/registry.ts';
import { boundaryOf, entryOn } from '../boundary.ts';
import { covers, type Matcher } from '../never-allow/matcher.ts';
import { type Fault, fault } from '../runbook-faults.ts';
import { callHash, isRecoveryRead } from '../usage.ts';
import { neverHolds } from './condition-logic.ts';
import { deadRows } from './rows.ts';

/** What is wrong with one runbook that loads: text that is dead, and limits that do not do what they say. Pure. */
export function lintRunbook(runbook: Runbook): readonly Fault[] {
  const never = (tool: string): boolean => forbiddenBy(runbook, tool) !== null;
  const unhealthy = neverHolds(runbook.recovery.healthy, never);
  return [
    ...repeatedEntries(runbook),
    ...idleEntries(runbook),
    ...forbiddenTools(runbook),
    ...deadRows(runbook, never),
    ...(unhealthy === null
      ? []
      : [fault('playbook.impossible-condition', ['recovery', 'healthy'], `it can never hold: ${unhealthy}`)]),
    ...rowsBeyondLimits(runbook),
    ...noReread(runbook),
    ...unreachedLimits(runbook),
  ];
}

function forbiddenBy(runbook: Runbook, tool: string): string | null {
  const contract = toolRegistry.get(tool);
  return contract === undefined ? null : entryOn(boundaryOf(runbook).neverAllow, contract);
}

function repeatedEntries({ action_boundary }: Runbook): Fault[] {
  const boundary = boundaryOf({ action_boundary });
  const lists = [
    ['never_allow', boundary.neverAllow],
    ['require_human', boundary.requireHuman],
  ] as const;
  return lists.flatMap(([list, matchers]) => {
    const entries = action_boundary[list].map((entry) => entry.trim());
    const of = (entry: string): readonly Matcher[] => matchers.filter((one) => one.entry === entry);
    const within = (a: string, b: string): boolean => of(a).every((one) => of(b).some((wide) => covers(wide, one)));
    return entries.flatMap((entry, index) => {
      const wider = entries.find(
        (other, at) => at !== index && within(entry, other) && (at < index || !within(other, entry)),
      );
      if (wider === undefined) return [];
      const message = `\`${entry}\` adds nothing: \`${wider}\` says it already`;
      return [fault('boundary.repeated-entry', ['action_boundary', list, index], message)];
    });
  });
}

/** An entry of require_human that no tool of the runbook falls under holds nothing here. */
function idleEntries(runbook: Runbook): Fault[] {
  const { requireHuman } = boundaryOf(runbook);
  const contracts = listed(runbook);
  return runbook.action_boundary.require_human.flatMap((entry, index) => {
    const own = requireHuman.filter((matcher) => matcher.entry === entry.trim());
    if (contracts.some((contract) => entryOn(own, contract) !== null)) return [];
    const message = `\`${entry}\` holds nothing: no tool of this runbook does it`;
    return [fault('boundary.idle-entry', ['action_boundary', 'require_human', index], message)];
  });
}

const listed = ({ tools }: Runbook): readonly ToolContract[] =>
  tools.flatMap(({ tool }) => toolRegistry.get(tool) ?? []);

const forbiddenTools = (runbook: Runbook): Fault[] =>
  runbook.tools.flatMap(({ tool }, index) => {
    const entry = forbiddenBy(runbook, tool);
    if (entry === null) return [];
    return [
      fault('tools.forbidden', ['tools', index, 'tool'], `\`${tool}\` is listed, and never allowed by \`${entry}\``),
    ];
  });

/** The calls of one row are judged together: of a tool called more often than an incident may, the last is always denied. */
function rowsBeyondLimits(runbook: Runbook): Fault[] {
  return runbook.playbook.flatMap((row, index) => {
    if (!('calls' in row.do)) return [];
    const { calls } = row.do;
    return runbook.tools.flatMap(({ tool, perIncidentMax }) => {
      const times = calls.filter((call) => call.tool === tool && !isRecoveryRead(runbook, callHash(call))).length;
      if (times <= perIncidentMax) return [];
      const message = `the row calls \`${tool}\` ${times} times, of ${perIncidentMax} in an incident`;
      return [fault('limits.row-impossible', ['playbook', index, 'do', 'calls'], message)];
    });
  });
}

const writeLimitsOf = (runbook: Runbook): readonly { readonly perIncidentMax: number }[] =>
  runbook.tools.filter(({ tool }) => toolRegistry.get(tool)?.targetKind != null && forbiddenBy(runbook, tool) === null);
const sum = (limits: readonly { readonly perIncidentMax: number }[]): number =>
  limits.reduce((total, { perIncidentMax }) => total + perIncidentMax, 0);

/** After a write what was read proves nothing: a row that waits for `missing` reads once at first, and once after each write. */
function noReread(runbook: Runbook): Fault[] {
  const writes = Math.min(runbook.limits.writesPerIncidentMax, sum(writeLimitsOf(runbook)));
  const reread = new Set(
    runbook.playbook
      .flatMap(({ when, do: does }) =>
        'missing' in when && 'calls' in does
          ? does.calls.filter((call) => call.tool === when.missing && !isRecoveryRead(runbook, callHash(call)))
          : [],
      )
      .map(({ tool }) => tool),
  );
  return runbook.tools.flatMap(({ tool, perIncidentMax }, index) => {
    if (!reread.has(tool) || perIncidentMax > writes) return [];
    const message = `after ${perIncidentMax} of the ${writes} writes that an incident may have, \`${tool}\` cannot be read again`;
    return [fault('limits.no-reread', ['tools', index, 'perIncidentMax'], message)];
  });
}

const hourMs = 3_600_000;
function unreachedLimits(runbook: Runbook): Fault[] {
  const { limits, circuit_breaker } = runbook;
  const writes = sum(writeLimitsOf(runbook));
  const faults: Fault[] = [];
  if (limits.writesPerIncidentMax > writes)
    faults.push(
      fault(
        'limits.never-reached',
        ['limits', 'writesPerIncidentMax'],
        `expected at most ${writes}, which is all that the writes under \`tools\` come to`,
      ),
    );
  const { count, windowMs } = circuit_breaker.destructive;
  const inWindow = Math.ceil(windowMs / hourMs) * limits.writesPerHourMax;
  if (count > inWindow)
    faults.push(
      fault(
        'limits.never-reached',
        ['circuit_breaker', 'destructive', 'count'],
        `expected at most ${inWindow}, which is all that writesPerHourMax allows in the window`,
      ),
    );
  return faults;
}
