import type { PinnedKeys } from '../../contracts/config.ts';
import type { Appended } from '../../contracts/recorder-api.ts';
import type { SignedStatement } from '../../contracts/statement.ts';
import type { Signer } from '../../policies/signing.ts';
import type { Failpoint } from '../failpoints.ts';
import type { BrokerClient } from '../identity/broker-client.ts';
import type { Fences } from '../identity/fences.ts';
import type { Manifests } from '../identity/manifests.ts';
import type { IncidentRecords } from '../judge/incident-records.ts';
import type { RecorderClient } from '../record/client.ts';
import type { ScopeDeps } from './activity-scope.ts';
import type { Tools } from './implement.ts';
import type { InFlight } from './in-flight.ts';
import type { Outbox } from './outbox.ts';
import type { Clocks } from './start-budget.ts';

/** Everything that an executor acts with. Its role is fixed here; no message can name another. */
export type ExecutorDeps = ScopeDeps &
  Clocks & {
    readonly role: string;
    readonly signer: Signer;
    readonly keys: PinnedKeys;
    readonly tools: Tools;
    readonly manifests: Pick<Manifests, 'newest' | 'require' | 'mustBeAtLeast' | 'reload'>;
    readonly recorder: RecorderClient;
    /** The only source of anything that a target takes. */
    readonly broker: BrokerClient;
    readonly incidentRecords: IncidentRecords;
    /** The recorder's door for statements that carry their own authority. */
    readonly postStatements: (statements: readonly SignedStatement[]) => Promise<Appended>;
    readonly fences: Fences;
    readonly outbox: Outbox;
    readonly inFlight: InFlight;
    readonly failpoint: Failpoint;
  };
