import type { Approvers } from '../contracts/manifest.ts';
import type { Runbook } from '../contracts/runbook.ts';
import { overlapOf } from './lint/match-overlap.ts';
import { lintRunbook } from './lint/one-runbook.ts';
import { hasField, inspectRunbook, type LoadedRunbook, placed, type RunbookFault } from './runbook.ts';
import { type Fault, fault } from './runbook-faults.ts';
import { type RunbookRule, runbookRules } from './runbook-rules.ts';
import type { StrictYaml } from './strict-yaml.ts';

export type Finding = RunbookFault & { readonly level: 'error' | 'warning'; readonly next: string };
export type Linted = {
  /** Every file in the order given; without id and digest where it does not load. */
  readonly files: readonly { readonly file: string; readonly id: string | null; readonly digest: string | null }[];
  readonly findings: readonly Finding[];
};
type Loaded = { readonly file: string; readonly loaded: LoadedRunbook; readonly document: StrictYaml };

/** What loads and does what it says, but says more, or less, than its author may believe. Everything else is an error. */
const warnings: ReadonlySet<RunbookRule> = new Set([
  'tools.forbidden',
  'boundary.repeated-entry',
  'boundary.idle-entry',
  'limits.never-reached',
  'limits.no-reread',
  'match.overlap',
]);

/** A finding with its level, and with what its author does next. */
export const findingOf = (found: RunbookFault): Finding => ({
  ...found,
  level: warnings.has(found.rule) ? 'warning' : 'error',
  next: runbookRules[found.rule],
});

/**
 * Everything that is wrong with runbook files, alone and beside each other. SOUND: what is found is certain, but not all
 * that is wrong can be found. `approvers` is the directory, where it is known. Pure; needs `loadSqlParser` to have resolved.
 */
export function lintRunbooks(
  texts: readonly { readonly file: string; readonly text: string }[],
  approvers: Approvers | null,
): Linted {
  const inspected = texts.map(({ file, text }) => ({ file, inspected: inspectRunbook(text, file) }));
  const faults = inspected.flatMap((one) => (one.inspected.kind === 'faulty' ? one.inspected.faults : []));
  const loaded = inspected.flatMap(({ file, inspected: one }) => (one.kind === 'loaded' ? [{ file, ...one }] : []));
  const found = loaded.flatMap((one, index) =>
    [...alone(one), ...approverFaults(one.loaded.runbook, approvers), ...beside(one, loaded, index)].map((each) =>
      placed(one.file, one.document, each),
    ),
  );
  const files = inspected.map(({ file, inspected: one }) => ({
    file,
    id: one.kind === 'loaded' ? one.loaded.id : null,
    digest: one.kind === 'loaded' ? one.loaded.digest : null,
  }));
  return { files, findings: [...faults, ...found].map(findingOf) };
}

/** A default that its author never wrote is no mistake of theirs. */
const alone = ({ loaded, document }: Loaded): readonly Fault[] =>
  lintRunbook(loaded.runbook).filter(
    ({ rule, path }) => rule !== 'limits.never-reached' || hasField(document.value, path),
  );

function approverFaults({ approvers: { groups, quorum } }: Runbook, approvers: Approvers | null): Fault[] {
  if (approvers === null) return [];
  // Who holds no proof can sign nothing.
  const people = approvers.people.filter(({ ssh }) => ssh.length > 0);
  const faults = groups.flatMap((group, index) =>
    people.some((person) => person.groups.includes(group))
      ? []
      : [fault('approvers.unknown-group', ['approvers', 'groups', index], `nobody in \`${group}\` holds a proof`)],
  );
  const able = people.filter((person) => person.groups.some((group) => groups.includes(group))).length;
  if (able < quorum)
    faults.push(
      fault(
        'approvers.quorum-out-of-reach',
        ['approvers', 'quorum'],
        `expected at most ${able}, who can sign, got ${quorum}`,
      ),
    );
  return faults;
}

function beside({ loaded }: Loaded, all: readonly Loaded[], index: number): Fault[] {
  return all.flatMap((other, at): Fault[] => {
    if (at === index) return [];
    const shown = `\`${other.loaded.id}\` (${other.file})`;
    if (other.loaded.id === loaded.id)
      return at < index
        ? [fault('runbook.repeated-id', ['id'], `\`${loaded.id}\` is the id of ${other.file} too`)]
        : [];
    const overlap = overlapOf(loaded.runbook.match, other.loaded.runbook.match);
    if (overlap === null) return [];
    const labels = Object.entries(overlap.labels)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `${name}=${value}`)
      .join(', ');
    const path = ['match', 'labels'];
    if (overlap.kind === 'same')
      return [fault('match.same-alerts', path, `every alert of this runbook, with ${labels}, is one of ${shown} too`)];
    const isSame = overlapOf(other.loaded.runbook.match, loaded.runbook.match)?.kind === 'same';
    return at < index && !isSame
      ? [fault('match.overlap', path, `an alert with ${labels} is one of ${shown} too`)]
      : [];
  });
}
