/** What a secret can be. The name stands in its place, so it says the kind and nothing of the secret. */
export const redactionKinds = [
  'private-key',
  'kubernetes-token',
  'jwt',
  'aws-access-key-id',
  'aws-secret-key',
  'google-key',
  'azure-storage-key',
  'azure-secret',
  'github-token',
  'gitlab-token',
  'slack-token',
  'stripe-key',
  'npm-token',
  'pypi-token',
  'model-key',
  'platform-token',
  'webhook-url',
  'webhook-secret',
  'totp-seed',
  'url-password',
  'authorization',
  'cookie',
  'password-hash',
  'sql-password',
  'password',
  'named-secret',
] as const;
export type RedactionKind = (typeof redactionKinds)[number];

/** What stands where a secret was. Reading it again finds nothing. */
export const markerOf = (kind: RedactionKind): string => `[redacted:${kind}]`;

/** Where a secret stands: from `start` to before `end`, in UTF-16 units. */
export type Span = { readonly start: number; readonly end: number; readonly kind: RedactionKind };
