import { z } from 'zod';
import { Name } from './values.ts';

const BearerToken = z.string().regex(/^[A-Za-z0-9._~+/=-]{16,8192}$/, 'expected a bearer token');
const address = {
  cluster: Name,
  url: z.url({ protocol: /^https$/ }),
  /** PEM of the only authority that the API server's certificate may come from. */
  ca: z.string().min(1).max(65_536),
};
/** Where a cluster is: whoever asks there brings the token that the broker issued. */
export const KubernetesAddress = z.strictObject(address);
export type KubernetesAddress = z.infer<typeof KubernetesAddress>;
/** A cluster, and the one token at it that lasts: it may have short-lived ones made and withdrawn, and nothing else. */
export const KubernetesTarget = z.strictObject({ ...address, mintToken: BearerToken });
export type KubernetesTarget = z.infer<typeof KubernetesTarget>;

/** No scope names a cluster, so that there is one for each broker and each executor. */
export const clustersMax = 1;
