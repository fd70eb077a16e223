import type { Logger } from 'pino';
import { Credential, type CredentialRequest, Ended, IssuedCredential } from '../../contracts/broker-api.ts';
import { codeOf, HoldpointError } from '../../contracts/errors.ts';
import { newSealKey } from '../../policies/sealing.ts';
import { type ExchangeOptions, exchange, type Peer, parseJson } from '../record/wire.ts';

type WithoutSeal<T> = T extends unknown ? Omit<T, 'v' | 'sealTo'> : never;
export type CredentialQuestion = WithoutSeal<CredentialRequest>;
export type IssuedHere = { readonly id: string; readonly credential: Credential };
export type BrokerClient = {
  /** One credential. Throws `BROKER_AWAY` (nothing may be assumed), or the code of the broker's refusal. */
  issue(question: CredentialQuestion): Promise<IssuedHere>;
  /** Says that it is no longer needed. Never throws: the broker ends it by itself a little later. */
  end(id: string): Promise<void>;
};

const peer: Peer = { as: 'broker', away: 'BROKER_AWAY' };
const endMsMax = 3_000;

/** The broker as an executor sees it: requests are signed, replies are believed only under the broker's pinned key. */
export function createBrokerClient(options: ExchangeOptions & { readonly log: Pick<Logger, 'warn'> }): BrokerClient {
  const ask = async (path: string, value: unknown, timeoutMs?: number): Promise<unknown> => {
    const body = Buffer.from(JSON.stringify(value), 'utf8');
    const bounded = timeoutMs === undefined ? options : { ...options, timeoutMs };
    return parseJson(await exchange(bounded, { method: 'POST', path, body }, peer));
  };
  return {
    async issue(question) {
      const key = newSealKey();
      const issued = IssuedCredential.safeParse(
        await ask('/v1/credentials', { v: 1, ...question, sealTo: key.publicKey }),
      );
      if (!issued.success) throw new HoldpointError('BROKER_AWAY', 'broker: expected an issued credential');
      // What is inside is a secret: no message repeats any of it.
      const opened = Credential.safeParse(parseJson(Buffer.from(key.open(issued.data.sealed), 'utf8')));
      if (!opened.success) throw new HoldpointError('BROKER_AWAY', 'broker: expected a credential of a known kind');
      return { id: issued.data.id, credential: opened.data };
    },
    async end(id) {
      try {
        Ended.parse(await ask('/v1/credentials/end', { v: 1, id }, endMsMax));
      } catch (error) {
        options.log.warn({ id, code: codeOf(error) }, 'the broker was not told that a credential is no longer needed');
      }
    },
  };
}
