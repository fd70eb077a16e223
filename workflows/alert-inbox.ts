import { condition } from '@temporalio/workflow';
import type { IncidentInput } from '../contracts/incident.ts';
import { weighAlert } from './activity-calls.ts';
import type { Refusal } from './approval-desk.ts';
import { alertBytesMax, decodeSignal } from './signal-payload.ts';

type Received = { readonly value: unknown; readonly text: string };
export type AlertInboxDeps = {
  /** What this incident was started with: the alert that every other one has to be about. */
  readonly input: () => IncidentInput;
  readonly repeated: () => void;
  readonly resolved: () => void;
  readonly refuse: (refusal: Refusal) => void;
};

/**
 * Where alert signals wait to be weighed. Temporal is trusted to carry one, never for what it says: whoever may signal
 * could claim that an alert is resolved. A local activity verifies that the gateway said so, of this very incident.
 */
export class AlertInbox {
  private readonly received: Received[] = [];
  private weighing: Promise<void> | null = null;
  constructor(private readonly deps: AlertInboxDeps) {}

  /** True while one is not weighed yet: nothing may be released before it is. */
  get waiting(): boolean {
    return this.received.length > 0;
  }

  /** A signal handler: synchronous, and whatever comes in, it does not throw. */
  receive(raw: unknown): void {
    const decoded = decodeSignal(raw, alertBytesMax);
    if (decoded.ok) this.received.push(decoded);
    else this.deps.refuse({ what: 'alert signal', code: 'BAD_INPUT', reason: decoded.reason, text: decoded.text });
  }

  /** Weighs everything that has come in. Who asks while that goes on waits for its end: nobody overtakes an alert. */
  async weigh(): Promise<void> {
    if (!this.waiting) return;
    this.weighing ??= this.weighAll().finally(() => {
      this.weighing = null;
    });
    await this.weighing;
  }

  /** Weighs what comes in until `done` says so, which the effect's own timeouts bound. */
  async watch(done: () => boolean): Promise<void> {
    for (;;) {
      await condition(() => done() || this.waiting);
      if (done()) return;
      await this.weigh();
    }
  }

  private async weighAll(): Promise<void> {
    for (let next = this.received[0]; next !== undefined; next = this.received[0]) {
      const weighed = await weighAlert({ incident: this.deps.input(), raw: next.value });
      // INVARIANT: taken out only once it is weighed, so that a failure leaves it for whoever asks next.
      this.received.shift();
      switch (weighed.kind) {
        case 'own':
          break;
        case 'repeats':
          this.deps.repeated();
          break;
        case 'resolved':
          this.deps.resolved();
          break;
        case 'refused':
          this.deps.refuse({ what: 'alert signal', code: weighed.code, reason: weighed.reason, text: next.text });
      }
    }
  }
}
