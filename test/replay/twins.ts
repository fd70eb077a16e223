/** A deliberate change of the workflow that replaying one golden history must notice. */
export type Twin = {
  readonly golden: string;
  readonly changes: string;
  /** A piece of the bundle's code that stands in it exactly once, and what stands there instead. */
  readonly find: string;
  readonly replace: string;
};

export const twins: readonly Twin[] = [
  {
    golden: 'released-and-recovered',
    changes: 'nobody is told that a hold waits',
    find: "run.tell('hold-waits'",
    replace: "void ('hold-waits'",
  },
  {
    golden: 'rejected',
    changes: 'a rejection no longer ends a hold',
    find: "=== 'reject') return {",
    replace: "=== 'never') return {",
  },
  {
    golden: 'expired',
    changes: 'silence is consent',
    find: "if (!inTime) return {\n                kind: 'expired'\n            };",
    replace: "if (!inTime) return { kind: 'released', statements: [], people: [] };",
  },
  {
    golden: 'cancelled-while-held',
    changes: 'a kill is caught, and the incident goes on to tell people',
    find: 'const steps = await investigate(run);',
    replace: "const steps = await investigate(run).catch(() => 0); run.endFor({ kind: 'failed', detail: '' });",
  },
  {
    golden: 'reset-asks-again',
    changes: 'a note that the run was born of a Reset is ignored',
    find: 'this.noted = true;',
    replace: 'return;',
  },
  {
    golden: 'refused-then-released',
    changes: 'a refused statement is not recorded',
    find: 'countRefusal(hold, code);\n        await this.record(',
    replace: 'countRefusal(hold, code);\n        void (',
  },
  {
    golden: 'outcome-unknown',
    changes: 'the incident goes on after an unknown outcome',
    find: "run.endFor({\n        kind: 'unknown',",
    replace: "void ({\n        kind: 'unknown',",
  },
  {
    golden: 'judged-again-after-refusal',
    changes: 'a stale statement ends the write, and nobody is asked again',
    find: 'const again = [',
    replace: 'const again = [].concat([], []) || [',
  },
  {
    golden: 'held-through-a-trip',
    changes: 'an open breaker ends the hold',
    find: "if (acted.kind !== 'kept') return acted;",
    replace: "if (acted.kind !== 'kept') return acted; return expired(run, judged, hold);",
  },
  {
    golden: 'auto-released-then-held',
    changes: 'a write whose grant was refused ends, and nobody is asked',
    find: "'VERDICT_NOT_HOLD',\n    'NOT_GRANTED',",
    replace: "'VERDICT_NOT_HOLD',",
  },
  {
    golden: 'rehearsed',
    changes: 'a rehearsal is recorded without the card that it would have had',
    find: 'if (prediction === null) return recordVerdict(judged);',
    replace: 'return recordVerdict(judged);',
  },
  {
    golden: 'blocked-by-a-limit',
    changes: 'a playbook that can do no more is asked again',
    find: 'return conclusion !== null || calls.length === 0;',
    replace: 'return conclusion !== null;',
  },
  {
    golden: 'failed-turn',
    changes: 'a turn that failed looks like one that had nothing left to do',
    find: 'if (failed !== undefined) return endFailed(run, failed);',
    replace: '',
  },
  {
    golden: 'resolved-while-held',
    changes: 'a resolved alert leaves a hold waiting',
    find: "this.endFor({\n                    kind: 'resolved',",
    replace: "void ({\n                    kind: 'resolved',",
  },
  {
    golden: 'forged-resolved-refused',
    changes: 'an alert is believed before it is weighed',
    find: 'this.received.push(decoded);',
    replace: 'this.deps.resolved();',
  },
  {
    golden: 'governed-until-gone',
    changes: 'what is due is not told',
    find: 'for (const telling of look.due)await told(board, telling);',
    replace: '',
  },
];
