import type { Alert } from '../contracts/alert.ts';
import type { Finding } from '../contracts/finding.ts';
import type { Entity } from '../contracts/tools/contract.ts';
import type { JsonObject, JsonValue } from '../contracts/values.ts';
import { countFindings, type Note } from './finding-counts.ts';
import { redactEntities, redactValue } from './redaction/redact-value.ts';
import { sanitize } from './sanitize/sanitize.ts';

export type Answer = { readonly data: JsonObject; readonly entities: readonly Entity[] };
type Found = { readonly findings: readonly Finding[] };
export type TakenIn = Answer & Found;

/**
 * What a target answered, before anybody but its reader has seen it: secrets replaced, and everything counted that was replaced
 * or that no model will be shown. Whoever signs the answer signs the findings with it.
 */
export function takeInAnswer({ data, entities }: Answer): TakenIn {
  const { note, list } = countFindings();
  const kept = { data: redactValue(data, note), entities: redactEntities(entities, note) };
  noteMarked(kept.data, note, '');
  for (const { id, attributes } of kept.entities) {
    noteMarked(id, note, '/entities[]/id');
    noteMarked(attributes as JsonObject, note, '/entities[]');
  }
  return { ...kept, findings: list() };
}

/** An alert as it may be signed, stored and matched. Its fingerprint is an id, and hashed wherever it is used. */
export function takeInAlert(alert: Alert): { readonly alert: Alert } & Found {
  const { note, list } = countFindings();
  const { labels, annotations, fingerprint } = redactValue(
    { labels: alert.labels, annotations: alert.annotations, fingerprint: alert.fingerprint },
    note,
  );
  noteMarked({ labels, annotations }, note, '');
  return { alert: { ...alert, labels, annotations, fingerprint }, findings: list() };
}

const depthMax = 32;

/** What the sanitiser takes out of each text and name, or sees stand out there. The value stays as it is. */
function noteMarked(value: JsonValue, note: Note, at: string, depth = 0): void {
  if (typeof value === 'string') {
    for (const { rule } of sanitize(value).findings) note(rule, at);
    return;
  }
  if (typeof value !== 'object' || value === null || depth >= depthMax) return;
  if (Array.isArray(value)) {
    for (const item of value) noteMarked(item, note, `${at}[]`, depth + 1);
    return;
  }
  for (const [name, item] of Object.entries(value)) {
    noteMarked(name, note, at, depth + 1);
    noteMarked(item, note, `${at}/${name}`, depth + 1);
  }
}
