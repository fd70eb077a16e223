import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import type { Credential } from '../../contracts/broker-api.ts';
import { codeOf, HoldpointError } from '../../contracts/errors.ts';
import type { Failpoint } from '../failpoints.ts';
import type { Entitlement } from './entitlement.ts';

/** One credential that may work somewhere. */
export type Live = Entitlement & {
  readonly id: string;
  /** The fences' runs when it was issued, as `scopeStateOf` says them: it works as long as they stay that. */
  readonly scope: string;
  /** When it is withdrawn at the latest, by our clock. */
  readonly endsAt: number;
};
/** One that was issued, and what it is. */
export type Held = { readonly live: Live; readonly credential: Credential };

/** What is about to be issued, under a name that nobody can guess. */
export const liveOf = (found: Entitlement, scope: string, endsAt: number): Live => ({
  ...found,
  id: randomBytes(12).toString('hex'),
  scope,
  endsAt,
});

export type LedgerDeps = {
  readonly log: Pick<Logger, 'info' | 'warn'>;
  readonly failpoint: Failpoint;
};
export type Ledger = {
  /** Throws `RATE_LIMITED` when too many are alive, `STOPPED` when it was withdrawn while it was made, and what the minter throws. */
  mint(live: Live, signInMs: number): Promise<Credential>;
  /** Never throws: what cannot be withdrawn now is tried again by `retry`. */
  withdraw(live: Live, why: string): Promise<void>;
  retry(): Promise<void>;
  /** Withdraws what a target holds and nobody here knows: of a life that crashed, or of a reply that was lost. */
  sweep(minter: Entitlement['minter']): Promise<void>;
  find(id: string): Live | undefined;
  /** Those that were issued and not withdrawn. */
  all(): readonly Live[];
};

const liveMax = 1_000;

/** What was issued, in memory alone: a broker that starts knows of nothing, and so withdraws whatever the targets hold. */
export function createLedger({ log, failpoint }: LedgerDeps): Ledger {
  const live = new Map<string, Live>();
  /** Not usable by anyone as far as we know, and not known to be gone. */
  const ending = new Map<string, Live>();

  const withdraw: Ledger['withdraw'] = async (one, why) => {
    live.delete(one.id);
    ending.set(one.id, one);
    try {
      await one.minter.withdraw(one.place, one.id);
      ending.delete(one.id);
      log.info({ ...told(one), why }, 'credential withdrawn');
    } catch (error) {
      log.warn({ ...told(one), why, code: codeOf(error) }, 'credential not withdrawn yet');
    }
  };
  return {
    async mint(one, signInMs) {
      if (live.size + ending.size >= liveMax)
        throw new HoldpointError('RATE_LIMITED', `credential: ${liveMax} are in use`);
      // INVARIANT: known before it is made, so that a stop in between finds it, and the sweep leaves it alone.
      live.set(one.id, one);
      const { id, access, place, note } = one;
      failpoint('broker.before-mint');
      try {
        const credential = await one.minter.mint({ id, access, place, lifeMs: signInMs, note });
        failpoint('broker.after-mint');
        if (!live.has(id)) throw new HoldpointError('STOPPED', 'credential: it was withdrawn while it was made');
        log.info(told(one), 'credential issued');
        return credential;
      } catch (error) {
        await withdraw(one, 'it could not be issued');
        throw error;
      }
    },
    withdraw,
    async retry() {
      for (const one of ending.values()) await withdraw(one, 'again');
    },
    async sweep(minter) {
      for (const place of minter.places) {
        try {
          const unknown = (await minter.issued(place)).filter((id) => !live.has(id) && !ending.has(id));
          for (const id of unknown) await minter.withdraw(place, id);
          if (unknown.length > 0) log.warn({ place, ids: unknown }, 'credentials that nobody knew of withdrawn');
        } catch (error) {
          log.warn({ place, code: codeOf(error) }, 'target not swept; it is tried again');
        }
      }
    },
    find: (id) => live.get(id),
    all: () => [...live.values()],
  };
}

/** What may be said of a credential: never the credential. */
const told = ({ id, kind, caller, place, access, workflowId, runId }: Live) => ({
  id,
  kind,
  by: caller,
  place,
  access,
  workflowId,
  runId,
});
