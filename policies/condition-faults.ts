import type { z } from 'zod';
import type { AttributeTest, Condition, EntityTest, Runbook } from '../contracts/runbook.ts';
import { Entity } from '../contracts/tools/contract.ts';
import { toolRegistry } from '../contracts/tools/registry.ts';
import { type Fault, fault } from './runbook-faults.ts';
import type { Path } from './strict-yaml.ts';

type Test = z.infer<typeof EntityTest>;
export type Placed = { readonly entity: Test };

/** The `exactly: 1` tests of one entity kind that must all hold: what a row's write can be aimed at. */
export function targetTests(condition: Condition, kind: string): readonly Placed[] {
  if ('all' in condition) return condition.all.flatMap((inner) => targetTests(inner, kind));
  if (!('exactly' in condition) || condition.exactly !== 1 || condition.entity.kind !== kind) return [];
  return [{ entity: condition.entity }];
}

/** Faults of one condition. With `among`, the condition judges recovery: it may look only at what those reads return. */
export function conditionFaults(
  runbook: Runbook,
  condition: Condition,
  path: Path,
  among: ReadonlySet<string> | null = null,
): readonly Fault[] {
  if ('all' in condition)
    return condition.all.flatMap((inner, i) => conditionFaults(runbook, inner, [...path, 'all', i], among));
  if ('none' in condition) return entityFaults(runbook, condition.none, [...path, 'none'], among);
  if ('exactly' in condition || 'atLeast' in condition)
    return entityFaults(runbook, condition.entity, [...path, 'entity'], among);
  if (among !== null)
    return [fault('recovery.not-a-read', path, 'expected tests on entities only: recovery is what the reads show')];
  return 'missing' in condition
    ? toolFaults(runbook, condition.missing, [...path, 'missing'], 'read')
    : toolFaults(runbook, condition.after, [...path, 'after'], 'write');
}

function toolFaults(runbook: Runbook, tool: string, path: Path, wanted: 'read' | 'write'): Fault[] {
  const contract = toolRegistry.get(tool);
  if (contract === undefined) return [fault('tools.unknown', path, `expected a known tool, got \`${tool}\``)];
  if (!runbook.tools.some((listed) => listed.tool === tool))
    return [fault('playbook.tool-not-listed', path, `expected a tool under \`tools\`, got \`${tool}\``)];
  const got = contract.targetKind === null ? 'read' : 'write';
  return got === wanted ? [] : [fault('playbook.bad-test', path, `expected a ${wanted}, got \`${tool}\``)];
}

function entityFaults(runbook: Runbook, test: Test, path: Path, among: ReadonlySet<string> | null): Fault[] {
  const faults = toolFaults(runbook, test.from, [...path, 'from'], 'read');
  if (among !== null && faults.length === 0 && !among.has(test.from))
    faults.push(
      fault('playbook.bad-test', [...path, 'from'], `expected a tool under \`recovery.reads\`, got \`${test.from}\``),
    );
  if (!Entity.shape.kind.safeParse(test.kind).success)
    faults.push(fault('playbook.bad-test', [...path, 'kind'], 'expected an entity kind like backend'));
  const contradictory = Object.entries(test.where).filter(([, attribute]) => !canHold(attribute));
  const named = contradictory.map(([name]) =>
    fault('playbook.bad-test', [...path, 'where', name], 'no value passes this test'),
  );
  return [...faults, ...named];
}

/** A test that nothing passes makes `none` true for ever: the most dangerous kind of mistake in a recovery condition. */
function canHold({ eq, gte, lte, in: oneOf }: z.infer<typeof AttributeTest>): boolean {
  const bounded = gte !== undefined || lte !== undefined;
  if (gte !== undefined && lte !== undefined && gte > lte) return false;
  const passes = (value: unknown) =>
    (!bounded || typeof value === 'number') &&
    (gte === undefined || (value as number) >= gte) &&
    (lte === undefined || (value as number) <= lte) &&
    (oneOf === undefined || oneOf.some((one) => one === value));
  if (eq !== undefined) return passes(eq);
  return oneOf === undefined || oneOf.some(passes);
}
