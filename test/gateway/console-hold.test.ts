import { describe, expect, it } from 'vitest';
import type { PendingHold } from '../../contracts/incident.ts';
import type { SignedRecord } from '../../contracts/record.ts';
import { decidable, type Hold, loadHold } from '../../gateway/console/pages/hold.ts';
import { showHold } from '../../gateway/console/pages/show-hold.ts';
import type { Reads } from '../../gateway/console/reads.ts';
import { digestOf } from '../../policies/digest.ts';
import { action, cardOf } from '../cli/a-card.ts';

const card = cardOf();
const cardDigest = digestOf(card);
const { digest } = card;
const now = Date.parse(card.expiresAt) - 60_000;
const config = { origin: 'https://holdpoint.example.com', commands: { home: null, temporalAddress: null } };
const waiting = { digest, cardDigest, approvedBy: [] } as unknown as PendingHold;
const hold: Hold = {
  workflowId: action.workflowId,
  digest,
  card: { card, cardDigest, seq: 7 },
  rehearsed: false,
  pending: { kind: 'here', value: waiting },
  ...{ statements: [], refusals: [], ends: [], admitted: false, sealed: false },
};
const shown = (change: Partial<Hold> = {}, at = now): string =>
  showHold({ ...hold, ...change }, at, config).main.markup;
const guard = (change: Partial<Hold> = {}, at = now) => showHold({ ...hold, ...change }, at, config).guard;

/** A record of this body, as a reader that checked its signature hands it on; the incident itself does not answer. */
const readsOf = (body: object): Reads =>
  ({
    client: { withDeadline: () => Promise.reject(new Error('away')) },
    record: {
      records: async ({ from = 0 }: { from?: number }) =>
        from > 0 ? [] : ([{ payload: { seq: 0, at: action.expiresAt, body } }] as unknown as SignedRecord[]),
    },
  }) as unknown as Reads;
const load = (change: object, asked = digest) =>
  loadHold(
    readsOf({ kind: 'card', workflowId: action.workflowId, runId: action.runId, card, cardDigest, ...change }),
    action.workflowId,
    asked,
  );

describe('a hold in the console', () => {
  it('shows the lines of the signed doors, over this very call', () => {
    expect(shown()).toContain(`npx holdpoint approve ${action.workflowId} ${digest}`);
    expect(shown()).toContain(`npx holdpoint reject ${action.workflowId} ${digest}`);
    expect(shown()).toContain('temporal workflow signal -w');
  });

  it.each<[string, Partial<Hold>, number]>([
    ['waits no more', { pending: { kind: 'here', value: null } }, now],
    [
      'is shown by its workflow with another card',
      { pending: { kind: 'here', value: { ...waiting, cardDigest: 'e'.repeat(64) } } },
      now,
    ],
    ['has a workflow that does not answer', { pending: { kind: 'away', code: 'TEMPORAL_AWAY' } }, now],
    ['was only rehearsed', { rehearsed: true }, now],
    ['has expired', {}, Date.parse(card.expiresAt)],
    ['has no recorded card', { card: null }, now],
  ])('shows no line to release it with when it %s', (_, change, at) => {
    expect(decidable({ ...hold, ...change }, at).kind).toBe('no');
    expect(shown(change, at)).not.toContain('holdpoint approve');
    expect(shown(change, at)).not.toContain('workflow signal');
  });

  it('is another one to a page that is open as soon as it no longer waits as it was shown', () => {
    expect(guard()).toBe(guard({ refusals: [{ seq: 9, code: 'STATEMENT_STALE', reason: 'old' }] }));
    expect(guard()).not.toBe(guard({ pending: { kind: 'here', value: null } }));
    expect(guard()).not.toBe(guard({}, Date.parse(card.expiresAt)));
    expect(guard()).not.toBe(guard({ card: { card, cardDigest: 'e'.repeat(64), seq: 7 } }));
  });

  it('is not shown when its recorded card is not of the call that it names', async () => {
    const other = { ...card, why: 'another reason' };
    await expect(load({ card: other })).rejects.toMatchObject({ code: 'RECORD_DAMAGED' });
    const moved = { ...card, action: { ...action, tool: 'postgres.cancelQuery' } };
    await expect(load({ card: moved, cardDigest: digestOf(moved) })).rejects.toMatchObject({ code: 'RECORD_DAMAGED' });
    await expect(load({}, 'f'.repeat(64))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(load({})).resolves.toMatchObject({ pending: { kind: 'away' } });
  });
});
