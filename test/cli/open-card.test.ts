import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openCard } from '../../cli/statements/open-card.ts';
import type { Card } from '../../contracts/card.ts';
import { codeOf } from '../../contracts/errors.ts';
import { digestOf } from '../../policies/digest.ts';
import { action, askedFor, cardOf, executor, impostor, keys, predictionOf } from './a-card.ts';

/** What `sign` makes of a card that a lying server gives out, with the card digest that the lying workflow names. */
function opened(card: unknown, more: object = {}, pinned = keys): string {
  try {
    openCard(JSON.stringify(card), askedFor(card, more), pinned);
    return 'opened';
  } catch (error) {
    return codeOf(error);
  }
}

describe('the card that a signer is shown', () => {
  it('opens when it is exactly this action, predicted by an executor', () => {
    expect(opened(cardOf())).toBe('opened');
  });

  it('is refused when its content has another digest than the hold names', () => {
    expect(opened(cardOf(), { cardDigest: 'f'.repeat(64) })).toBe('CARD_MISMATCH');
  });

  it('is refused when its action is another than the one asked for', () => {
    const other = { ...action, args: { target: { entity: 'backend/43/1', resultHash: 'c'.repeat(64) } } };
    expect(opened(cardOf({ action: other }))).toBe('DIGEST_MISMATCH');
    expect(opened(cardOf({ action: other, digest: digestOf(other) }))).toBe('DIGEST_MISMATCH');
  });

  it('is refused when it names the digest asked for over another action', () => {
    expect(opened(cardOf({ digest: 'd'.repeat(64) }))).toBe('DIGEST_MISMATCH');
  });

  it('is refused when its action stands at another workflow or namespace than the one named', () => {
    expect(opened(cardOf(), { workflowId: 'incident/alertmanager/other' })).toBe('DIGEST_MISMATCH');
    expect(opened(cardOf(), { namespace: 'production' })).toBe('DIGEST_MISMATCH');
  });

  it('is refused when the expiry that it shows is not the expiry of its action', () => {
    expect(opened(cardOf({ expiresAt: '2026-02-28T00:00:00.000Z' }))).toBe('CARD_MISMATCH');
  });

  it('is refused when its prediction was tampered with after it was signed', () => {
    const prediction = executor.sign('prediction', predictionOf());
    const tampered = { ...prediction, payload: { ...prediction.payload, blastRadius: ['nothing at all'] } };
    expect(opened(cardOf({ prediction: tampered }))).toBe('BAD_SIGNATURE');
  });

  it('is refused when its prediction is signed with an unpinned key, by another process, or for another purpose', () => {
    expect(opened(cardOf({ prediction: impostor.sign('prediction', predictionOf()) }))).toBe('BAD_SIGNATURE');
    const reasoner = { ...executor.sign('prediction', predictionOf()), signer: 'reasoner' };
    expect(opened(cardOf({ prediction: reasoner }))).toBe('BAD_SIGNATURE');
    expect(opened(cardOf({ prediction: executor.sign('result', predictionOf()) }))).toBe('BAD_SIGNATURE');
    expect(opened(cardOf(), {}, {})).toBe('BAD_SIGNATURE');
  });

  it('is refused when its prediction was made for another action or run', () => {
    const other = predictionOf({ digest: 'e'.repeat(64) });
    expect(opened(cardOf({ prediction: executor.sign('prediction', other) }))).toBe('CARD_MISMATCH');
    const run = predictionOf({ runId: '00000000-0000-4000-8000-000000000000' });
    expect(opened(cardOf({ prediction: executor.sign('prediction', run) }))).toBe('CARD_MISMATCH');
  });

  it('is refused when it is no card, whatever it is', () => {
    expect(opened({ ...cardOf(), more: 1 })).toBe('BAD_INPUT');
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(opened(value)).not.toBe('opened');
      }),
    );
    expect(() => openCard('{', askedFor({}), keys)).toThrow(/expected JSON/);
  });

  it('is refused when any one field of it is changed without a new signature or digest', () => {
    const names = Object.keys(cardOf()).filter((name) => name !== 'v') as (keyof Card)[];
    const bound = names.map((name) => {
      const changed = { ...cardOf(), [name]: null };
      return opened(changed, { cardDigest: digestOf(cardOf()) });
    });
    expect(new Set(bound)).toEqual(new Set(['CARD_MISMATCH']));
  });
});
