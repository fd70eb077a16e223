import { describe, expect, it } from 'vitest';
import type { Card } from '../../contracts/card.ts';
import { ShownFindings } from '../../contracts/finding.ts';
import type { RecordBody } from '../../contracts/record.ts';
import { toolRegistry } from '../../contracts/tools/registry.ts';
import {
  type AssembleCardInput,
  assembleCard,
  type CheckCardInput,
  checkCard,
  provenanceOf,
} from '../../policies/card.ts';
import { FoundSoFar, originsOf } from '../../policies/card-findings.ts';
import { digestOf } from '../../policies/digest.ts';
import { storyOf } from '../../policies/incident-story.ts';
import { refusalOf } from './support/codes.ts';
import { backend, predictionOf, resultOf, signedResult } from './support/evidence.ts';
import { makeProcess, pinned, powerTypes, recorder, rulesOf, runbookId } from './support/rules.ts';
import { actionOf } from './support/statements.ts';

const rules = rulesOf();
const contract = toolRegistry.get('postgres.terminateBackend');
const runbook = rules.runbooks.get(runbookId);
if (contract === undefined || runbook === undefined) throw new Error('expected the tool and runbook of the tests');
const result = signedResult();
const ref = { entity: backend.id, resultHash: digestOf(result) };
const action = actionOf(rules, { args: { target: ref } });
const source = {
  action,
  digest: digestOf(action),
  contract,
  runbook,
  rules,
  provenance: provenanceOf(ref, { entity: backend, result: result.payload }),
  findings: [],
};
const assemble = (change: Partial<AssembleCardInput> = {}) =>
  assembleCard({ ...source, judgedWhy: 'it blocks the queue', prediction: predictionOf(action), ...change });
const card = assemble();
const shownAs = (change: Partial<Card>, more: Partial<CheckCardInput> = {}) => {
  const raw = { ...JSON.parse(JSON.stringify(card)), ...change };
  return refusalOf(() => checkCard({ ...source, raw, cardDigest: digestOf(raw), keys: pinned, ...more }));
};
const refused = (act: () => unknown) => {
  expect(refusalOf(act)).toBe('CARD_MISMATCH');
};

describe('a card', () => {
  it('shows the whole action, what it would do, to what, and who may release it', () => {
    expect(card).toMatchObject({
      digest: digestOf(action),
      action,
      risk: 'high',
      effect: 'conditional',
      why: 'it blocks the queue',
      provenance: { ref, tool: 'postgres.blockingTree', entity: backend },
      inverse: { tool: null },
      quorum: 1,
      groups: ['oncall', 'leads'],
      expiresAt: action.expiresAt,
    });
  });

  it('keeps outside text as it was: it is escaped where it is shown', () => {
    expect(assemble({ judgedWhy: '\u001B[31m`DROP` \u202E' }).why).toBe('\u001B[31m`DROP` \u202E');
  });

  it('has one digest, whoever assembles it from the same parts', () => {
    expect(digestOf(assemble())).toBe(digestOf(JSON.parse(JSON.stringify(card))));
  });

  it('names the quorum and the groups that both the runbook and `powers` ask for', () => {
    const strict = rulesOf({ powers: { action: { ...powerTypes.action, groups: ['leads', 'managers'], quorum: 2 } } });
    const own = actionOf(strict, { args: { target: ref } });
    const shown = assemble({ action: own, digest: digestOf(own), rules: strict, prediction: predictionOf(own) });
    expect(shown).toMatchObject({ quorum: 2, groups: ['leads'] });
  });

  it('is not made when nobody could release it', () => {
    const nobody = rulesOf({ powers: { action: { ...powerTypes.action, groups: ['managers'] } } });
    const own = actionOf(nobody, { args: { target: ref } });
    refused(() => assemble({ action: own, digest: digestOf(own), rules: nobody, prediction: predictionOf(own) }));
  });

  it('is not made of parts of different actions', () => {
    const other = actionOf(rules, { args: { target: ref }, nonce: 'm'.repeat(22) });
    const cancel = toolRegistry.get('postgres.cancelBackend');
    if (cancel === undefined) throw new Error('expected the tool of the tests');
    refused(() => assemble({ action: other }));
    refused(() => assemble({ digest: digestOf(other) }));
    refused(() => assemble({ prediction: predictionOf(other) }));
    refused(() => assemble({ contract: cancel }));
    refused(() => assemble({ runbook: { ...runbook, digest: '0'.repeat(64) } }));
    refused(() => assemble({ rules: rulesOf({ source: { version: 9 } }) }));
  });

  it('is not made for another target than the action’s own', () => {
    const { provenance } = source;
    refused(() => assemble({ provenance: { ...provenance, ref: { ...ref, entity: 'backend:4712' } } }));
    refused(() => assemble({ provenance: { ...provenance, ref: { ...ref, resultHash: '0'.repeat(64) } } }));
    refused(() => assemble({ provenance: { ...provenance, entity: { ...backend, id: 'backend:4712' } } }));
    refused(() => assemble({ provenance: { ...provenance, entity: { ...backend, kind: 'table' } } }));
  });

  it('is not made for an action whose target is no reference', () => {
    for (const target of ['backend:4711', null, { entity: backend.id }, { ...ref, pid: 4711 }]) {
      const free = actionOf(rules, { args: { target } });
      refused(() => assemble({ action: free, digest: digestOf(free), prediction: predictionOf(free) }));
    }
  });

  it('is not made with a prediction of another run or incident', () => {
    for (const change of [{ runId: '11111111-2222-4333-8444-555555555555' }, { workflowId: 'incident/x/y' }])
      refused(() => assemble({ prediction: predictionOf(action, change) }));
  });
});

describe('what was found in the evidence', () => {
  const found = [{ from: 'alert', rule: 'secret.jwt', at: '/annotations/x', count: 1 }];
  const shown = assemble({ findings: found });
  const check = (findings: typeof found) =>
    refusalOf(() => checkCard({ ...source, findings, raw: shown, cardDigest: digestOf(shown), keys: pinned }));

  it('is on the card, and cannot be kept off it or put on it', () => {
    expect(shown.findings).toEqual(found);
    expect(check(found)).toBe('none');
    expect(check([])).toBe('CARD_MISMATCH');
    expect(shownAs({}, { findings: found })).toBe('CARD_MISMATCH');
  });

  it('is what the log had when the card came, whatever is found later', () => {
    const place = { workflowId: action.workflowId, runId: action.runId };
    const told = (rule: string): RecordBody => ({
      kind: 'finding',
      ...place,
      from: 'alert',
      ref: '0'.repeat(64),
      findings: [{ rule, at: '/annotations/x', count: 1 }],
    });
    const cardBody: RecordBody = { kind: 'card', ...place, cardDigest: digestOf(shown), card: shown };
    const story = storyOf([told('secret.jwt'), cardBody, told('instruction.override')]);
    expect(story.findings(shown.digest)).toEqual(found);
    expect(story.findings()).toHaveLength(2);
  });

  it('is bounded, and what is beyond is counted by rule', () => {
    const so = new FoundSoFar();
    for (let at = 0; at < 500; at++) so.add('postgres.query', [{ rule: 'secret.jwt', at: `/rows[]/c${at}`, count: 2 }]);
    expect(ShownFindings.parse(so.list()).reduce((sum, { count }) => sum + count, 0)).toBe(1_000);
    expect(so.list().find(({ from }) => from === '')).toMatchObject({ rule: 'secret.jwt', at: '' });
  });

  it('is told apart from where an argument comes from: the runbook to the letter, or outside', () => {
    const call = { tool: 'postgres.blockingTree', args: { database: 'payments' } };
    expect(originsOf(call, runbook)).toEqual({ database: 'runbook' });
    expect(originsOf({ ...call, args: { database: 'orders', target: ref } }, runbook)).toEqual({ database: 'outside' });
  });
});

describe('checking a card that persons were shown', () => {
  it('arrives at the same card', () => {
    expect(checkCard({ ...source, raw: card, cardDigest: digestOf(card), keys: pinned })).toEqual(card);
  });

  it('believes the model’s words only, which the card says are its own', () => {
    expect(shownAs({ why: 'another reason' })).toBe('none');
  });

  it('refuses every other difference, however well it hashes', () => {
    const differences: Partial<Card>[] = [
      { risk: 'low' },
      { effect: 'idempotent' },
      { runbookTitle: 'harmless' },
      { quorum: 2 },
      { groups: ['leads'] },
      { groups: ['oncall', 'leads', 'readers'] },
      { inverse: { tool: 'postgres.cancelBackend', note: 'can be undone' } },
      { expiresAt: '2026-03-01T12:19:00.000Z' },
      { digest: '0'.repeat(64) },
      { action: { ...action, preconditions: {} } },
      {
        provenance: { ...source.provenance, entity: { ...backend, attributes: { pid: 4711, state: 'idle for days' } } },
      },
      { provenance: { ...source.provenance, readAt: '2026-03-01T12:00:00.000Z' } },
      { provenance: { ...source.provenance, tool: 'postgres.activity' } },
      { findings: [{ from: 'alert', rule: 'secret.jwt', at: '/annotations/x', count: 1 }] },
      { origins: { target: 'runbook' } },
    ];
    for (const difference of differences)
      expect([difference, shownAs(difference)]).toEqual([difference, 'CARD_MISMATCH']);
  });

  it('refuses a prediction that the role’s executor did not sign', () => {
    const milder = { blastRadius: ['nothing at all'] };
    const signed = card.prediction;
    expect(shownAs({ prediction: predictionOf(action, milder, makeProcess('executor.payments-db').signer) })).toBe(
      'CARD_MISMATCH',
    );
    expect(shownAs({ prediction: predictionOf(action, milder, recorder.signer) })).toBe('CARD_MISMATCH');
    expect(shownAs({ prediction: { ...signed, payload: { ...signed.payload, ...milder } } })).toBe('CARD_MISMATCH');
    const orders = makeProcess('executor.orders-db');
    const keys = { ...pinned, ...orders.keys };
    expect(shownAs({ prediction: predictionOf(action, milder, orders.signer) }, { keys })).toBe('CARD_MISMATCH');
  });

  it('refuses another card digest, another action, and what is no card', () => {
    expect(shownAs({}, { cardDigest: '0'.repeat(64) })).toBe('CARD_MISMATCH');
    expect(shownAs({}, { cardDigest: digestOf(assemble({ judgedWhy: 'x' })) })).toBe('CARD_MISMATCH');
    const moved = actionOf(rules, { args: { target: ref }, runId: '11111111-2222-4333-8444-555555555555' });
    expect(shownAs({}, { action: moved, digest: digestOf(moved) })).toBe('CARD_MISMATCH');
    for (const raw of [null, 'card', [], {}, { ...card, extra: 1 }, resultOf()])
      refused(() => checkCard({ ...source, raw, cardDigest: digestOf(raw), keys: pinned }));
  });
});
