import type { RecordBody, SignedRecord } from '../../contracts/record.ts';
import { jcs } from '../../policies/digest.ts';
import type { DemoEvent } from './events.ts';

type Of<K extends RecordBody['kind']> = Extract<RecordBody, { kind: K }>;
/** Turns the records of one incident into what is told of them. The log is the source: nothing is told that is not in it. */
export type Follower = { take(record: SignedRecord): DemoEvent[] };

export type FollowOptions = {
  readonly workflowId: string;
  /** The exact lines that release a held action. */
  readonly commands: (digest: string) => readonly string[];
  /** The key that those lines sign with. */
  readonly key: string;
};

/** Remembers each turn's proposal, so that a verdict can be told with what was proposed and by whom. */
export function createFollower({ workflowId, commands, key }: FollowOptions): Follower {
  const proposals = new Map<number, Of<'proposal'>>();
  return {
    take({ payload }) {
      const { body, seq } = payload;
      if (!('workflowId' in body) || body.workflowId !== workflowId) return [];
      switch (body.kind) {
        case 'alert':
          // The end of an alert is on the record too: it matches nothing anew, and the incident's own end is told.
          return body.alert.payload.alert.status === 'firing'
            ? [{ event: 'matched', runbook: body.runbook?.id ?? null }]
            : [];
        case 'proposal':
          proposals.set(body.step, body);
          return [proposed(body)];
        case 'result':
          return [read(body)];
        case 'verdict':
          return judged(body, proposals.get(body.step.step));
        case 'card':
          return [
            { event: 'held', card: body.card, cardDigest: body.cardDigest, commands: commands(body.card.digest), key },
          ];
        default:
          return afterHold(body, seq);
      }
    },
  };
}

function afterHold(body: RecordBody, seq: number): DemoEvent[] {
  switch (body.kind) {
    case 'statement': {
      const { statement } = body.statement;
      return [{ event: 'released', verdict: statement.verdict, person: statement.person }];
    }
    case 'refusal':
      return [{ event: 'refused', what: body.what, code: body.code, reason: body.reason }];
    case 'intent':
      return [{ event: 'intent', digest: body.digest, attempt: body.attempt, record: seq }];
    case 'outcome':
      return [done(body)];
    case 'seal':
      return [{ event: 'sealed', status: body.status, records: body.records, historyEvents: body.historyEvents }];
    default:
      return [];
  }
}

const proposed = ({ model, label, calls }: Of<'proposal'>): DemoEvent => ({
  event: 'proposed',
  model,
  label,
  calls: calls.map(({ tool }) => tool),
});

const read = ({ evidence }: Of<'result'>): DemoEvent => ({
  event: 'read',
  tool: evidence.tool,
  entities: evidence.entityCount,
  resultHash: evidence.resultHash,
});

/** Only what is refused or rehearsed is told of verdicts: a read shows as its result, a hold as its card. */
function judged(body: Of<'verdict'>, proposal: Of<'proposal'> | undefined): DemoEvent[] {
  const { verdict, tool, step } = body;
  if (verdict.kind !== 'deny' && verdict.kind !== 'rehearse') return [];
  const call = proposal?.calls[step.index];
  const args = call?.tool === tool ? jcs(call.args) : '';
  return [
    {
      event: 'denied',
      kind: verdict.kind,
      tool,
      args,
      label: proposal?.label ?? null,
      rule: verdict.rule,
      reason: verdict.reason,
    },
  ];
}

function done({ outcome, status, why }: Of<'outcome'>): DemoEvent {
  const seen = outcome?.payload;
  const postcondition = seen?.postcondition ?? null;
  return {
    event: 'done',
    status,
    detail: seen?.detail ?? why,
    postcondition:
      postcondition === null ? null : `${postcondition.held ? 'holds' : 'does not hold'}: ${postcondition.detail}`,
  };
}
