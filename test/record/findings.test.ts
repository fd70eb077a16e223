import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { SignedResult } from '../../contracts/evidence.ts';
import type { Finding } from '../../contracts/finding.ts';
import type { RecordBody } from '../../contracts/record.ts';
import { toolRegistry } from '../../contracts/tools/registry.ts';
import { assembleCard } from '../../policies/card.ts';
import { digestOf, jcs } from '../../policies/digest.ts';
import { describeWith } from '../support/skips.ts';
import {
  alertBody,
  begin,
  cardBody,
  codeFrom,
  draftHold,
  draftIncident,
  type Incident,
  resultOf,
  runbookOf,
} from './incident.ts';
import {
  executor,
  gateway,
  openStage,
  openWorld,
  orchestrator,
  otherExecutor,
  type Stage,
  type World,
} from './stage.ts';

const found: Finding[] = [{ rule: 'secret.jwt', at: '/roots[]/backend/query', count: 2 }];

describeWith('temporal', 'findings', () => {
  let world: World;
  let stage: Stage;
  let incident: Incident;
  let result: SignedResult;
  let ref: string;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    stage = await openStage({ world });
    incident = await begin(stage);
    result = executor.signer.sign('result', { ...resultOf(stage, incident, 1).payload, findings: found });
    ref = await stage.as(executor).putBlob(jcs(result));
  });
  afterEach(() => stage.close());

  const finding = (change: Partial<Extract<RecordBody, { kind: 'finding' }>> = {}): RecordBody => {
    const { workflowId, runId } = incident;
    return { kind: 'finding', workflowId, runId, from: result.payload.tool, ref, findings: found, ...change };
  };
  const resultBody = (): RecordBody => {
    const { step, tool, at } = result.payload;
    const evidence = { step, tool, resultHash: ref, at, entityCount: 1, bytes: 10 };
    return {
      kind: 'result',
      workflowId: incident.workflowId,
      runId: incident.runId,
      evidence,
      signer: executor.signer.as,
    };
  };
  const append = (body: RecordBody, by = executor) => codeFrom(stage.as(by).append(body));

  it('are on the record before the evidence that they are of', async () => {
    expect(await append(resultBody())).toBe('RECORD_REFUSED');
    expect(await append(finding())).toBe('none');
    expect(await append(resultBody())).toBe('none');
  });
  it('of an alert are told before it is', async () => {
    const drafted = draftIncident(stage);
    const alert = gateway.signer.sign('alert', { ...drafted.alert.payload, findings: found });
    const alertRef = await stage.as(orchestrator).putBlob(jcs(alert));
    const next = { ...drafted, alert, alertRef };
    expect(await append(alertBody(next), orchestrator)).toBe('RECORD_REFUSED');
    const { workflowId, runId } = next;
    const told = { workflowId, runId, from: 'alert', ref: alertRef };
    expect(await append(finding({ ref: alertRef, from: 'alert' }), orchestrator)).toBe('RECORD_REFUSED');
    expect(await append(finding(told), orchestrator)).toBe('none');
    expect(await append(alertBody(next), orchestrator)).toBe('none');
  });
  it.each<[string, Partial<Extract<RecordBody, { kind: 'finding' }>>]>([
    ['fewer than were signed', { findings: [{ ...(found[0] as Finding), count: 1 }] }],
    ['more than were signed', { findings: [...found, { rule: 'instruction.override', at: '', count: 1 }] }],
    ['of another tool', { from: 'postgres.locks' }],
    ['of another run', { runId: '00000000-0000-4000-8000-00000000000f' }],
    ['of another incident', { workflowId: 'incident/alertmanager/other' }],
    ['of evidence that nobody stored', { ref: 'a'.repeat(64) }],
  ])('are refused where they are %s', async (_, change) => {
    expect(await append(finding(change))).toBe('RECORD_REFUSED');
  });
  it("are nobody else's to tell", async () => {
    expect(await append(finding(), orchestrator)).not.toBe('none');
    expect(await append(finding(), otherExecutor)).not.toBe('none');
    expect(await append(finding(), gateway)).toBe('NOT_PERMITTED');
  });
  it('are told once, however often', async () => {
    const first = await stage.as(executor).append(finding());
    expect(await stage.as(executor).append(finding())).toEqual(first);
  });
  it('stand on every card that is made after them, and nobody keeps one back', async () => {
    const held = await draftHold(stage, incident);
    expect(await append(finding())).toBe('none');
    expect(await append(cardBody(held), orchestrator)).toBe('CARD_STALE');
    const { card } = held;
    const contract = toolRegistry.get(card.action.tool);
    if (contract === undefined) throw new Error('expected the tool');
    const source = { ...card, contract, runbook: runbookOf(stage.rules), rules: stage.rules };
    const shown = assembleCard({
      ...source,
      judgedWhy: card.why,
      findings: [{ from: result.payload.tool, ...(found[0] as Finding) }],
    });
    expect(await append(cardBody({ ...held, card: shown, cardDigest: digestOf(shown) }), orchestrator)).toBe('none');
  });
  it('that the log does not hold stand on no card', async () => {
    const { card, ...held } = await draftHold(stage, incident);
    const shown = { ...card, findings: [{ from: 'alert', ...(found[0] as Finding) }] };
    expect(await append(cardBody({ ...held, card: shown, cardDigest: digestOf(shown) }), orchestrator)).toBe(
      'CARD_STALE',
    );
  });
});
