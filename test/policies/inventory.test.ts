import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../policies/digest.ts';
import { type ResolveTargetInput, resolveTarget } from '../../policies/inventory.ts';
import { refusalOf } from './support/codes.ts';
import { backend, resultOf, signedResult } from './support/evidence.ts';
import { executor, makeProcess, pinned, recorder } from './support/rules.ts';
import { workflowId } from './support/statements.ts';

const blob = signedResult();
const inputOf = (raw: unknown, change: Partial<ResolveTargetInput> = {}): ResolveTargetInput => ({
  ref: { entity: backend.id, resultHash: digestOf(raw) },
  blob: JSON.parse(JSON.stringify(raw)),
  keys: pinned,
  role: 'payments-db',
  workflowId,
  ...change,
});
const code = (raw: unknown, change: Partial<ResolveTargetInput> = {}) =>
  refusalOf(() => resolveTarget(inputOf(raw, change)));
const invalid = (raw: unknown, change: Partial<ResolveTargetInput> = {}) =>
  expect(code(raw, change)).toBe('INVENTORY_INVALID');

describe('resolveTarget', () => {
  it('finds the entity in the executor’s own signed result', () => {
    expect(resolveTarget(inputOf(blob))).toEqual({ entity: backend, result: blob.payload });
  });

  it('takes a result of an earlier run of the same workflow id', () => {
    expect(code(signedResult({ runId: '11111111-2222-4333-8444-555555555555' }))).toBe('none');
  });

  it('refuses a result that hashes to something else', () => {
    invalid(blob, { ref: { entity: backend.id, resultHash: '0'.repeat(64) } });
    invalid(signedResult({ data: { waiting: 4 } }), { ref: { entity: backend.id, resultHash: digestOf(blob) } });
    invalid(blob, { ref: { entity: backend.id, resultHash: digestOf(blob.payload) } });
  });

  it('refuses an entity that the result does not hold, or holds twice', () => {
    invalid(blob, { ref: { entity: 'backend:1', resultHash: digestOf(blob) } });
    invalid(signedResult({ entities: [] }));
    invalid(signedResult({ entities: [backend, { ...backend, attributes: { pid: 1 } }] }));
    invalid(signedResult({ entities: [backend, { ...backend, kind: 'table' }] }));
  });

  it('refuses a result of another incident', () => {
    invalid(blob, { workflowId: `${workflowId}x` });
    invalid(signedResult({ workflowId: 'incident/alertmanager/other' }));
  });

  it('refuses a result signed by anyone but an executor of this role', () => {
    const other = makeProcess('executor.orders-db');
    const keys = { ...pinned, ...other.keys };
    invalid(signedResult({}, other.signer), { keys });
    invalid({ ...signedResult({}, other.signer), signer: 'executor.payments-db' }, { keys });
    invalid(signedResult({}, recorder.signer));
    invalid(signedResult({}, makeProcess('executor.payments-db').signer));
    invalid(blob, { keys: recorder.keys });
    invalid(blob, { role: 'orders-db' });
    invalid(blob, { role: '' });
  });

  it('refuses what the executor signed for another purpose', () => {
    invalid(executor.signer.sign('outcome', resultOf()));
    invalid(executor.signer.sign('prediction', resultOf()));
  });

  it('refuses a result that was changed after signing', () => {
    const { payload } = blob;
    for (const change of [
      { data: { waiting: 0 } },
      { entities: [{ ...backend, attributes: { ...backend.attributes, pid: 1 } }] },
      { tool: 'postgres.activity' },
      { at: '2026-03-01T11:59:00.000Z' },
    ])
      invalid({ ...blob, payload: { ...payload, ...change } });
  });

  it('refuses anything else that claims to be a result', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (raw) => {
        invalid(raw);
      }),
    );
  });
});
