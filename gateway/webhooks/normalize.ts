import type { Alert } from '../../contracts/alert.ts';
import { codeOf, HoldpointError } from '../../contracts/errors.ts';
import { normalizeAlertmanager } from './alertmanager.ts';
import { parseBoundedJson } from './bounded-json.ts';
import type { Delivery, RejectedAlert } from './delivery.ts';
import { normalizeGeneric } from './generic.ts';

export type NormalizeInput = { readonly system: string; readonly headers?: unknown; readonly body: unknown };
export type Normalized =
  | { readonly ok: true; readonly alerts: readonly Alert[]; readonly rejected: readonly RejectedAlert[] }
  | { readonly ok: false; readonly error: { readonly code: string; readonly message: string } };

const systems: ReadonlyMap<string, (raw: unknown) => Delivery> = new Map([
  ['alertmanager', (raw: unknown) => normalizeAlertmanager(raw)],
  ['generic', normalizeGeneric],
]);

/** The systems whose webhooks are understood. */
export const knownSystems: readonly string[] = [...systems.keys()];

/**
 * What a body would be normalised to, without its secret or signature being checked: for tests of a sender's setup, never
 * for admission. `body` is the parsed JSON or its text. Never throws.
 */
export function normalize({ system, body }: NormalizeInput): Normalized {
  try {
    const read = systems.get(system);
    if (read === undefined)
      throw new HoldpointError('BAD_INPUT', `\`system\`: expected one of ${knownSystems.join(', ')}`);
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    if (text === undefined) throw new HoldpointError('BAD_INPUT', '`body`: expected JSON');
    return { ok: true, ...read(parseBoundedJson(text)) };
  } catch (error) {
    const message = error instanceof HoldpointError ? error.message : '`body`: cannot be read';
    return { ok: false, error: { code: codeOf(error), message } };
  }
}
