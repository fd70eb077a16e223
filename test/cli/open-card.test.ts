import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Asked, openCard } from '../../cli/statements/open-card.ts';
import type { Card } from '../../contracts/card.ts';
import { codeOf } from '../../contracts/errors.ts';
import { digestOf } from '../../policies/digest.ts';
import { action, askedFor, cardOf, executor, impostor, keys, otherExecutor, ownRules, predictionOf } from './a-card.ts';

/** What `sign` makes of a card that a lying server gives out, with the card digest that the lying workflow names. */
async function opened(card: unknown, more: Partial<Asked> = {}, pinned = keys): Promise<string> {
  try {
    await openCard(JSON.stringify(card), askedFor(card, more), { keys: pinned, rulesOf: ownRules });
    return 'opened';
  } catch (error) {
    return codeOf(error);
  }
}
const predicted = (prediction: Card['prediction']) => opened(cardOf({ prediction }));

describe('the card that a signer is shown', () => {
  it('opens when it is exactly this action, predicted by the executor of its runbook', async () => {
    expect(await opened(cardOf())).toBe('opened');
  });

  it('is refused when its prediction is signed by the executor of another role', async () => {
    expect(await predicted(otherExecutor.sign('prediction', predictionOf()))).toBe('CARD_MISMATCH');
  });

  it('is refused when its content has another digest than the hold names', async () => {
    expect(await opened(cardOf(), { cardDigest: 'f'.repeat(64) })).toBe('CARD_MISMATCH');
  });

  it('is refused when its action is another than the one asked for', async () => {
    const other = { ...action, args: { target: { entity: 'backend/43/1', resultHash: 'c'.repeat(64) } } };
    expect(await opened(cardOf({ action: other }))).toBe('DIGEST_MISMATCH');
    expect(await opened(cardOf({ action: other, digest: digestOf(other) }))).toBe('DIGEST_MISMATCH');
  });

  it('is refused when it names another digest than that of its action', async () => {
    expect(await opened(cardOf({ digest: 'd'.repeat(64) }))).toBe('CARD_MISMATCH');
  });

  it('is refused when its action stands at another workflow or namespace than the one named', async () => {
    expect(await opened(cardOf(), { workflowId: 'incident/alertmanager/other' })).toBe('DIGEST_MISMATCH');
    expect(await opened(cardOf(), { namespace: 'production' })).toBe('DIGEST_MISMATCH');
  });

  it('is refused when its action is under a manifest or runbook that the signer does not have', async () => {
    for (const change of [{ manifest: 'b'.repeat(64) }, { runbook: { ...action.runbook, digest: 'a'.repeat(64) } }]) {
      const other = { ...action, ...change };
      const card = cardOf({ action: other, digest: digestOf(other) });
      expect(await opened(card, { digest: digestOf(other) })).toMatch(/^(MANIFEST_UNKNOWN|RUNBOOK_MISMATCH)$/);
    }
  });

  it('is refused when it says another thing than the runbook, the registry or the action', async () => {
    const differences: Partial<Card>[] = [
      { expiresAt: '2026-02-28T00:00:00.000Z' },
      { risk: 'low' },
      { effect: 'idempotent' },
      { runbookTitle: 'harmless' },
      { quorum: 2 },
      { groups: ['leads'] },
      { inverse: { tool: 'postgres.cancelBackend', note: 'can be undone' } },
      { provenance: { ...cardOf().provenance, ref: { entity: 'backend/43/1', resultHash: 'c'.repeat(64) } } },
    ];
    for (const difference of differences)
      expect([difference, await opened(cardOf(difference))]).toEqual([difference, 'CARD_MISMATCH']);
  });

  it('is refused when its prediction was tampered with after it was signed', async () => {
    const prediction = executor.sign('prediction', predictionOf());
    expect(await predicted({ ...prediction, payload: { ...prediction.payload, blastRadius: ['nothing'] } })).toBe(
      'CARD_MISMATCH',
    );
  });

  it('is refused when its prediction is signed with an unpinned key, by another process, or for another purpose', async () => {
    expect(await predicted(impostor.sign('prediction', predictionOf()))).toBe('CARD_MISMATCH');
    expect(await predicted({ ...executor.sign('prediction', predictionOf()), signer: 'reasoner' })).toBe(
      'CARD_MISMATCH',
    );
    expect(await predicted(executor.sign('result', predictionOf()))).toBe('CARD_MISMATCH');
    expect(await opened(cardOf(), {}, {})).toBe('CARD_MISMATCH');
  });

  it('is refused when its prediction was made for another action or run', async () => {
    const other = predictionOf({ digest: 'e'.repeat(64) });
    expect(await predicted(executor.sign('prediction', other))).toBe('CARD_MISMATCH');
    const run = predictionOf({ runId: '00000000-0000-4000-8000-000000000000' });
    expect(await predicted(executor.sign('prediction', run))).toBe('CARD_MISMATCH');
  });

  it('is refused when it is no card, whatever it is', async () => {
    expect(await opened({ ...cardOf(), more: 1 })).toBe('BAD_INPUT');
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        expect(await opened(value)).not.toBe('opened');
      }),
    );
    await expect(openCard('{', askedFor({}), { keys, rulesOf: ownRules })).rejects.toThrow(/expected JSON/);
  });

  it('is refused when any one field of it is taken away', async () => {
    const names = Object.keys(cardOf()).filter((name) => name !== 'v') as (keyof Card)[];
    const codes = await Promise.all(names.map((name) => opened({ ...cardOf(), [name]: null })));
    expect(new Set(codes)).toEqual(new Set(['BAD_INPUT']));
  });
});
