import type { Alert } from '../contracts/alert.ts';
import type { Runbook } from '../contracts/runbook.ts';
import type { LoadedRunbook } from './runbook.ts';

export type Match =
  | { readonly kind: 'matched'; readonly runbook: LoadedRunbook }
  | { readonly kind: 'unmatched'; readonly reason: string };

/**
 * The one runbook whose `match` fits the alert. Labels are compared exactly, and only labels: annotations are outside
 * text. None or two is `unmatched`, because a guess between two plans is a plan that nobody wrote. Never throws.
 */
export function matchRunbook(alert: Alert, runbooks: ReadonlyMap<string, LoadedRunbook>): Match {
  const fitting = [...runbooks.values()].filter(({ runbook }) => fits(alert, runbook.match));
  const [first, second] = fitting;
  if (first === undefined) return { kind: 'unmatched', reason: 'no runbook matches the labels of this alert' };
  if (second === undefined) return { kind: 'matched', runbook: first };
  const ids = fitting.map(({ id }) => `\`${id}\``).sort();
  return {
    kind: 'unmatched',
    reason: `expected one matching runbook, got ${ids.length}: ${ids.slice(0, 5).join(', ')}`,
  };
}

function fits(alert: Alert, match: Runbook['match']): boolean {
  if (match.source !== undefined && !match.source.includes(alert.source)) return false;
  const wanted = Object.entries(match.labels);
  return wanted.length > 0 && wanted.every(([name, value]) => hasLabel(alert, name, value));
}

function hasLabel({ labels }: Alert, name: string, wanted: string | readonly string[]): boolean {
  // An inherited property is no label, whatever its name.
  const value = Object.hasOwn(labels, name) ? labels[name] : undefined;
  if (value === undefined) return false;
  return typeof wanted === 'string' ? value === wanted : wanted.includes(value);
}
