import type { LogRecord } from '../../contracts/record.ts';
import type { KillScope } from '../incident-runs.ts';

/** One effect that the log admitted, as far as a stop is concerned. */
export type Effect = {
  readonly digest: string;
  readonly attempt: number;
  readonly workflowId: string;
  readonly runbook: string;
  readonly tool: string;
  readonly admittedAt: string;
  /** By the executor's clock; null when it began none, or nobody can say yet. */
  readonly begunAt: string | null;
  readonly endedAt: string | null;
  /** `in flight` until the log holds an outcome. */
  readonly status: string;
  readonly detail: string;
};
export type Receipt = {
  /** Admitted before the acknowledgement, and not known to have ended when the stop was asked for. */
  readonly inFlight: readonly Effect[];
  readonly lastBegunBefore: Effect | null;
  /** Begun after the acknowledgement: there must be none, and this is where one would be seen. */
  readonly begunAfter: readonly Effect[];
  /** Admitted by the log, with no outcome in it yet: until there is none of these, nothing is final. */
  readonly open: number;
  /** Without the executor's own word on what came of it: it may have begun, at a time that nobody can say. */
  readonly unknown: number;
  /** The recorder's own record of the stop. */
  readonly recorded: { readonly seq: number; readonly at: string; readonly scope: string } | null;
};

export type Stop = { readonly scope: KillScope; readonly askedAtMs: number; readonly acknowledgedAtMs: number };

/** What the log says of a stop: a pure fold, so that the page claims nothing that the record does not hold. */
export function receiptOf(records: readonly LogRecord[], stop: Stop): Receipt {
  const effects = [...effectsIn(records).values()].filter((effect) => isInScope(effect, stop.scope));
  const begun = effects.filter(({ begunAt }) => begunAt !== null);
  const before = begun.filter((effect) => msOf(effect.begunAt) <= stop.acknowledgedAtMs);
  return {
    inFlight: effects.filter(
      (effect) =>
        Date.parse(effect.admittedAt) <= stop.acknowledgedAtMs &&
        (effect.endedAt === null || Date.parse(effect.endedAt) >= stop.askedAtMs),
    ),
    lastBegunBefore: before.reduce<Effect | null>(
      (last, effect) => (last === null || msOf(effect.begunAt) > msOf(last.begunAt) ? effect : last),
      null,
    ),
    begunAfter: begun.filter((effect) => msOf(effect.begunAt) > stop.acknowledgedAtMs),
    open: effects.filter(({ endedAt }) => endedAt === null).length,
    unknown: effects.filter(({ status }) => status === 'unknown').length,
    recorded: recordOf(records, stop),
  };
}

// A time that is none is later than any: it must not pass for one before the stop.
const msOf = (at: string | null): number => {
  const ms = Date.parse(at ?? '');
  return Number.isNaN(ms) ? Number.POSITIVE_INFINITY : ms;
};

function effectsIn(records: readonly LogRecord[]): Map<string, Effect> {
  const effects = new Map<string, Effect>();
  for (const { at, body } of records) {
    if (body.kind === 'intent')
      effects.set(`${body.digest} ${body.attempt}`, {
        digest: body.digest,
        attempt: body.attempt,
        workflowId: body.workflowId,
        runbook: body.request.action.runbook.id,
        tool: body.request.action.tool,
        admittedAt: body.issuedAt,
        begunAt: null,
        endedAt: null,
        status: 'in flight',
        detail: '',
      });
    if (body.kind !== 'outcome') continue;
    const key = `${body.digest} ${body.attempt}`;
    const known = effects.get(key);
    if (known === undefined) continue;
    const signed = body.outcome?.payload;
    // Without the executor's word nobody knows when it began: the time of the record is no evidence of that.
    effects.set(key, {
      ...known,
      begunAt: signed?.startedAt ?? null,
      endedAt: signed?.endedAt ?? at,
      status: body.status,
      detail: signed?.detail ?? body.why,
    });
  }
  return effects;
}

function isInScope({ workflowId, runbook }: Effect, scope: KillScope): boolean {
  if (scope.kind === 'all') return true;
  return scope.kind === 'runbook' ? runbook === scope.runbook : workflowId === scope.workflowId;
}

const slackMs = 1_000;

function recordOf(records: readonly LogRecord[], { scope, askedAtMs }: Stop): Receipt['recorded'] {
  const named = scope.kind === 'all' ? 'fence/all' : scope.kind === 'runbook' ? `fence/runbook/${scope.runbook}` : null;
  for (const { seq, at, body } of records)
    if (body.kind === 'kill' && body.scope === named && Date.parse(at) >= askedAtMs - slackMs)
      return { seq, at, scope: body.scope };
  return null;
}
