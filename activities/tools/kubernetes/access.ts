import type { Credential } from '../../../contracts/broker-api.ts';
import { HoldpointError } from '../../../contracts/errors.ts';
import type { KubernetesAddress } from '../../../contracts/kubernetes-cluster.ts';
import type { KubernetesAccess } from '../../../contracts/tools/kubernetes-access.ts';

/** One identity at one API server. */
export type Login = {
  readonly url: string;
  /** PEM of the authority that the server's certificate must come from. */
  readonly ca: string;
  readonly token: string;
};
/** Who a credential makes this executor. Throws `TARGET_REFUSED` for one that was issued for another cluster or purpose. */
export type Access = (purpose: KubernetesAccess, credential: Credential) => Login;

/** Throws `BAD_INPUT` at load unless there is one cluster: no scope says which one of several is meant. */
export function accessOf(kubernetes: readonly KubernetesAddress[]): Access {
  const [address, ...others] = kubernetes;
  if (address === undefined || others.length > 0)
    throw new HoldpointError('BAD_INPUT', 'kubernetes: expected one cluster');
  const { cluster, url, ca } = address;
  return (purpose, credential) => {
    const fits = credential.system === 'kubernetes' && credential.cluster === cluster && credential.access === purpose;
    if (!fits)
      throw new HoldpointError('TARGET_REFUSED', `target: expected a credential to ${purpose} in \`${cluster}\``);
    return { url, ca, token: credential.token };
  };
}
