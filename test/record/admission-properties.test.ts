import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AdmissionInput, admit } from '../../activities/record/admission.ts';
import { evidenceFor } from '../../activities/record/signed-evidence.ts';
import { HoldpointError } from '../../contracts/errors.ts';
import type { ReceiptRequest } from '../../contracts/receipt.ts';
import type { SignedStatement } from '../../contracts/statement.ts';
import { digestOf } from '../../policies/digest.ts';
import { describeWith } from '../support/skips.ts';
import { giveGrant, openEarned, proposedAnew } from './granting.ts';
import { decide, requestOf } from './incident.ts';
import { executor, freshRunId, freshWorkflowId, keys, openWorld, type Stage, type World } from './stage.ts';

const hash = fc.constantFrom('1', 'a').map((digit) => digit.repeat(64));
type Change = (input: AdmissionInput) => AdmissionInput;
const ofRequest = (change: (request: ReceiptRequest) => ReceiptRequest): Change => {
  return (input) => ({ ...input, request: change(input.request) });
};
/** Another action, with the digest of the one that was released, or with its own. */
const ofAction = (change: object): fc.Arbitrary<Change> =>
  fc.boolean().map((minted) =>
    ofRequest((request) => {
      const action = { ...request.action, ...change };
      return { ...request, action, digest: minted ? digestOf(action) : request.digest };
    }),
  );
const ofStatements = (change: (one: SignedStatement) => SignedStatement): Change =>
  ofRequest((request) => ({ ...request, statements: request.statements.map(change) }));
const ofEvidence = (change: object): Change => {
  return (input) => ({
    ...input,
    evidence: input.evidence.map((one) => ({ ...one, result: { ...one.result, ...change } })),
  });
};
const at = (change: (now: number) => number): Change => {
  return (input) => ({ ...input, now: change(input.now) });
};

const ofAny: fc.Arbitrary<Change> = fc.oneof(
  hash.map((digest) => ofRequest((request) => ({ ...request, digest }))),
  hash.map((cardDigest) => ofRequest((request) => ({ ...request, cardDigest }))),
  hash.map((alertRef) => ofRequest((request) => ({ ...request, alertRef }))),
  ofAction({ nonce: 'n'.repeat(22) }),
  ofAction({ tool: 'postgres.terminateBackend' }),
  ofAction({ tool: 'postgres.activity' }),
  ofAction({ runId: freshRunId() }),
  ofAction({ workflowId: freshWorkflowId() }),
  ofAction({ expiresAt: '2020-01-01T00:00:00.000Z' }),
  ofAction({ manifest: 'b'.repeat(64) }),
  ofAction({ runbook: { id: 'another', digest: 'b'.repeat(64) } }),
  ofAction({ args: { target: { entity: 'backend:9', resultHash: 'c'.repeat(64) } } }),
  fc.constantFrom('executor.billing-db', 'orchestrator').map(
    (as): Change =>
      (input) => ({ ...input, executor: as }),
  ),
  fc.constantFrom(600_001, 86_400_000 * 300).map((ms) => at((now) => now + ms)),
  fc.constant(at(() => Number.NaN)),
  fc.constant(ofRequest((request) => ({ ...request, statements: [], grant: null }))),
);
const ofPersons: fc.Arbitrary<Change> = fc.oneof(
  ofAny,
  hash.map((grant) => ofRequest((request) => ({ ...request, grant }))),
  fc
    .constantFrom<object>({ person: 'personB' }, { verdict: 'reject' }, { reason: 'other' }, { nonce: 'm'.repeat(22) })
    .map((change) => ofStatements((one) => ({ ...one, statement: { ...one.statement, ...change } }))),
  fc.constant(ofStatements((one) => ({ ...one, proof: { kind: 'ssh', signature: 'forged' } }))),
);
const ofGrant: fc.Arbitrary<Change> = fc.oneof(
  ofAny,
  hash.map((grant) => ofRequest((request) => ({ ...request, grant }))),
  fc.constant((input: AdmissionInput) => ({ ...input, evidence: [] })),
  fc
    .constantFrom<object>(
      { runId: freshRunId() },
      { runbook: { id: 'another', digest: 'b'.repeat(64) } },
      { at: '2020-01-01T00:00:00.000Z' },
      { at: 'never' },
      { entities: [] },
      { data: { truncated: true } },
      { tool: 'postgres.activity' },
    )
    .map(ofEvidence),
);

describeWith('temporal', 'an admission', () => {
  let world: World;
  let stage: Stage;
  const inputs: Record<'persons' | 'grant', AdmissionInput> = {} as never;

  const inputOf = async (request: ReceiptRequest, alert: AdmissionInput['alert']): Promise<AdmissionInput> => {
    const { state } = stage.recorder.log;
    const blobs = { get: (one: string) => stage.as(executor).getBlob(one) };
    const evidence = await evidenceFor(request, stage.rules, { state, blobs, keys });
    const { rules } = stage;
    return { state, request, executor: executor.signer.as, rules, newest: rules, alert, evidence, now: stage.now() };
  };
  beforeAll(async () => {
    world = await openWorld();
    stage = await openEarned(world);
    const grant = await giveGrant(stage);
    const granted = await proposedAnew(stage);
    inputs.grant = await inputOf(requestOf(granted, [], { grant }), granted.incident.alert);
    const held = await proposedAnew(stage, { pid: 4_712 });
    inputs.persons = await inputOf(requestOf(held, [decide(stage, held)]), held.incident.alert);
  }, 60_000);
  afterAll(async () => {
    await stage.close();
    await world.close();
  });

  it.each([
    ['persons', ofPersons],
    ['grant', ofGrant],
  ] as const)('released by %s is refused for any change of what was released', (by, changes) => {
    const whole = inputs[by];
    expect(admit(whole)).toMatchObject({ attempt: 1 });
    fc.assert(
      fc.property(fc.array(changes, { minLength: 1, maxLength: 3 }), (some) => {
        const changed = some.reduce((input, change) => change(input), whole);
        expect(() => admit(changed)).toThrow(HoldpointError);
      }),
      { numRuns: 400 },
    );
    expect(admit(whole)).toMatchObject({ attempt: 1 });
  });
});
