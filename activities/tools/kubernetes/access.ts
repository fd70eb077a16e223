import type { KubernetesTarget } from '../../../contracts/config.ts';
import { HoldpointError } from '../../../contracts/errors.ts';

/** `read` may change nothing; `predict` asks for dry runs; `act` has the effect. */
export type Purpose = 'read' | 'predict' | 'act';
/** One identity at one API server. */
export type Login = {
  readonly url: string;
  /** PEM of the authority that the server's certificate must come from. */
  readonly ca: string;
  readonly token: string;
};
/** Who this executor is for a purpose. Throws `TARGET_REFUSED` where it is nobody. */
export type Access = (purpose: Purpose) => Promise<Login>;

/** Throws `BAD_INPUT` at load for one token used for two powers. */
export function accessOf({ url, ca, readToken, predictToken, actToken }: KubernetesTarget): Access {
  const tokens = { read: readToken, predict: predictToken, act: actToken } as const satisfies Record<Purpose, string>;
  if (new Set(Object.values(tokens)).size !== 3)
    throw new HoldpointError('BAD_INPUT', 'kubernetes: expected three different tokens');
  return (purpose) => Promise.resolve({ url, ca, token: tokens[purpose] });
}
