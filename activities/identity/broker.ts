import {
  CredentialRequest,
  EndRequest,
  type IssuedCredential,
  type CredentialRequest as Request,
} from '../../contracts/broker-api.ts';
import { HoldpointError } from '../../contracts/errors.ts';
import type { ProcessId } from '../../contracts/signed.ts';
import { seal } from '../../policies/sealing.ts';
import { firstIssue } from '../../policies/signing.ts';
import type { Clocks } from '../tools/start-budget.ts';
import { createLooks } from './broker-looks.ts';
import { createWrites } from './broker-writes.ts';
import {
  type Entitlement,
  type EntitlementDeps,
  entitledToLook,
  entitledToObserve,
  entitledToWrite,
  mustBeExecutor,
} from './entitlement.ts';
import type { Fences } from './fences.ts';
import { createLedger, type Held, type Ledger, type LedgerDeps, liveOf } from './ledger.ts';
import { scopeStateOf } from './scope-state.ts';

export type BrokerDeps = EntitlementDeps & LedgerDeps & Clocks & { readonly fences: Fences };
export type Broker = {
  /** Throws the code of what does not hold. */
  issue(raw: unknown, caller: ProcessId): Promise<IssuedCredential>;
  /** Withdraws one that its executor is done with. One that is gone already is no fault. */
  end(raw: unknown, caller: ProcessId): Promise<void>;
  readonly ledger: Ledger;
};
const observeMs = 60_000;

/**
 * Issues credentials that end. Nothing is believed because an executor says so: a write needs the recorder's receipt, the log's
 * intent and open fences, asked last; and a receipt buys one credential, once.
 */
export function createBroker(deps: BrokerDeps): Broker {
  const ledger = createLedger(deps);
  const write = createWrites(deps, ledger);
  const look = createLooks(deps, ledger);
  const observe = async (found: Entitlement): Promise<Held> => {
    const live = liveOf(found, await scopeStateOf(found.runbook, deps), deps.clock() + observeMs);
    return { live, credential: await ledger.mint(live, observeMs) };
  };
  const hold = async (request: Request, caller: ProcessId): Promise<Held> => {
    switch (request.kind) {
      case 'write':
        return write(await entitledToWrite(request, caller, deps));
      case 'observe':
        return observe(await entitledToObserve(request, caller, deps));
      case 'read':
      case 'predict':
        return look(await entitledToLook(request, caller, deps));
    }
  };
  return {
    ledger,
    async issue(raw, caller) {
      mustBeExecutor(caller);
      const parsed = CredentialRequest.safeParse(raw);
      if (!parsed.success) throw new HoldpointError('BAD_INPUT', `credential: ${firstIssue(parsed.error)}`);
      // Whoever cannot be answered is told before anything is made.
      seal(parsed.data.sealTo, '');
      const { live, credential } = await hold(parsed.data, caller);
      const expiresAt = new Date(live.endsAt).toISOString();
      return { v: 1, id: live.id, expiresAt, sealed: seal(parsed.data.sealTo, JSON.stringify(credential)) };
    },
    async end(raw, caller) {
      mustBeExecutor(caller);
      const parsed = EndRequest.safeParse(raw);
      if (!parsed.success) throw new HoldpointError('BAD_INPUT', `credential: ${firstIssue(parsed.error)}`);
      const live = ledger.find(parsed.data.id);
      if (live === undefined) return;
      if (live.caller !== caller) throw new HoldpointError('NOT_PERMITTED', 'credential: it was issued to another');
      await ledger.withdraw(live, 'its executor is done');
    },
  };
}
