import type { Card } from '../../contracts/card.ts';
import type { IncidentOutcome } from '../../contracts/incident.ts';

/** What a demo tells, in the order in which it happens. `--json` prints one a line, each with `at`; the screen renders them. */
export type DemoEvent =
  | { readonly event: 'preparing'; readonly what: string }
  | {
      readonly event: 'ready';
      readonly home: string;
      readonly archive: string;
      readonly gatewayUrl: string;
      /** Signs one browser in to the console, once. */
      readonly console: string;
      readonly temporal: string;
      readonly temporalUi: string | null;
    }
  | { readonly event: 'trouble'; readonly holderPid: number; readonly waiting: number; readonly timedOut: number }
  | { readonly event: 'planted'; readonly application: string; readonly comment: string }
  | { readonly event: 'resumed'; readonly scope: string; readonly person: string; readonly record: number }
  | {
      readonly event: 'waived';
      readonly runbook: string;
      readonly ring: number;
      readonly until: string;
      readonly person: string;
      readonly record: number;
    }
  | {
      readonly event: 'alert';
      readonly workflowId: string;
      readonly labels: Readonly<Record<string, string>>;
      /** The incident's page in the Temporal UI. */
      readonly page: string | null;
    }
  | { readonly event: 'matched'; readonly runbook: string | null }
  | {
      readonly event: 'proposed';
      readonly model: string;
      readonly label: string | null;
      readonly calls: readonly string[];
    }
  | { readonly event: 'read'; readonly tool: string; readonly entities: number; readonly resultHash: string }
  | {
      readonly event: 'denied';
      /** `rehearse`: judged and predicted, not offered: the runbook stands in ring 0. */
      readonly kind: 'deny' | 'rehearse';
      readonly tool: string;
      readonly args: string;
      readonly label: string | null;
      readonly rule: string;
      readonly reason: string;
    }
  | {
      readonly event: 'held';
      readonly card: Card;
      readonly cardDigest: string;
      readonly commands: readonly string[];
      readonly key: string;
    }
  | { readonly event: 'refused'; readonly what: string; readonly code: string; readonly reason: string }
  | { readonly event: 'released'; readonly verdict: 'approve' | 'reject'; readonly person: string }
  | { readonly event: 'intent'; readonly digest: string; readonly attempt: number; readonly record: number }
  | { readonly event: 'done'; readonly status: string; readonly detail: string; readonly postcondition: string | null }
  | { readonly event: 'closed'; readonly outcome: IncidentOutcome | string }
  | {
      readonly event: 'payments';
      readonly flowing: boolean;
      readonly committed: number;
      readonly clients: number;
      readonly tableWhole: boolean;
    }
  | { readonly event: 'sealed'; readonly status: string; readonly records: number; readonly historyEvents: number }
  | {
      readonly event: 'verified';
      readonly ok: boolean;
      readonly records: number;
      readonly anchors: readonly string[];
      readonly faults: readonly string[];
    }
  | {
      readonly event: 'failed';
      readonly what: string;
      readonly process: string | null;
      readonly lastLines: readonly string[];
      readonly logs: string;
    }
  | {
      readonly event: 'result';
      readonly ok: boolean;
      readonly resolved: boolean;
      readonly verified: boolean;
      readonly tableWhole: boolean;
      readonly seconds: number;
      /** Null when it was in the temporary folder, which is gone. */
      readonly archive: string | null;
    };

export type Emit = (event: DemoEvent) => void;
