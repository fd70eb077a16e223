import fc from 'fast-check';
import type { RedactionKind } from '../../../policies/redaction/kinds.ts';

/** A secret as it is issued (`text`), the parts of it that may not come out, and what it should be called. */
export type Planted = { readonly text: string; readonly hidden: readonly string[] };
export type SecretKind = {
  readonly what: string;
  readonly kind: RedactionKind;
  readonly planted: fc.Arbitrary<Planted>;
};

const letters = (alphabet: string, min: number, max = min): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...alphabet), minLength: min, maxLength: max });
const upper = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const digits = '0123456789';
const base62 = `${upper}${upper.toLowerCase()}${digits}`;
const url64 = `${base62}-_`;
const base64 = `${base62}+/`;
/** Has all three classes, as a random text of this length nearly always has. */
const mixed = (alphabet: string, min: number, max = min) =>
  letters(alphabet, min - 3, max - 3).map((text) => `${text}aZ7`);

const behind = (prefix: string, rest: fc.Arbitrary<string>, suffix = ''): fc.Arbitrary<Planted> =>
  rest.map((one) => ({ text: `${prefix}${one}${suffix}`, hidden: [one] }));

const json64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const webToken = (claims: unknown): fc.Arbitrary<Planted> =>
  letters(url64, 43, 86).map((signature) => {
    const body = json64(claims);
    return { text: `${json64({ alg: 'RS256', typ: 'JWT' })}.${body}.${signature}`, hidden: [signature, body] };
  });
const pem = (label: string): fc.Arbitrary<Planted> =>
  fc.array(letters(base64, 64), { minLength: 2, maxLength: 4 }).map((lines) => ({
    text: `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----`,
    hidden: lines,
  }));
const word = letters(`${base62}!#%^*_-`, 8, 20).map((text) => `${text}9q`);

/** Secrets that tell by themselves what they are. */
export const secretKinds: readonly SecretKind[] = [
  { what: 'RSA private key', kind: 'private-key', planted: pem('RSA PRIVATE KEY') },
  { what: 'PKCS#8 private key', kind: 'private-key', planted: pem('PRIVATE KEY') },
  { what: 'OpenSSH private key', kind: 'private-key', planted: pem('OPENSSH PRIVATE KEY') },
  { what: 'PGP private key', kind: 'private-key', planted: pem('PGP PRIVATE KEY BLOCK') },
  { what: 'age key', kind: 'private-key', planted: behind('AGE-SECRET-KEY-1', letters(`${upper}${digits}`, 58)) },
  { what: 'JWT', kind: 'jwt', planted: webToken({ sub: 'somebody', exp: 1_900_000_000 }) },
  {
    what: 'Kubernetes service account token',
    kind: 'kubernetes-token',
    planted: webToken({ iss: 'kubernetes/serviceaccount', 'kubernetes.io/serviceaccount/namespace': 'payments' }),
  },
  { what: 'AWS access key id', kind: 'aws-access-key-id', planted: behind('AKIA', letters(`${upper}234567`, 16)) },
  {
    what: 'AWS secret key beside its id',
    kind: 'aws-secret-key',
    planted: mixed(base64, 40).map((one) => ({
      text: `ASIAQWERTYUIOPASDFGH ${one}`,
      hidden: [one, 'QWERTYUIOPASDFGH'],
    })),
  },
  { what: 'Google API key', kind: 'google-key', planted: behind('AIza', letters(url64, 35)) },
  { what: 'Google OAuth client secret', kind: 'google-key', planted: behind('GOCSPX-', letters(url64, 28)) },
  { what: 'Azure storage key', kind: 'azure-storage-key', planted: behind('', letters(base64, 86), '==') },
  {
    what: 'Azure shared access signature',
    kind: 'named-secret',
    planted: mixed(base64, 43).map((one) => ({
      text: `https://a.blob.core.windows.net/c?sv=2024-11-04&se=2026-12-01&sig=${encodeURIComponent(`${one}=`)}&sp=rl`,
      hidden: [encodeURIComponent(one)],
    })),
  },
  {
    what: 'Azure client secret',
    kind: 'azure-secret',
    planted: fc.tuple(letters(base62, 3), letters(base62, 34)).map(([a, b]) => ({ text: `${a}8Q~${b}`, hidden: [b] })),
  },
  { what: 'GitHub token', kind: 'github-token', planted: behind('ghp_', letters(base62, 36)) },
  {
    what: 'GitHub fine-grained token',
    kind: 'github-token',
    planted: fc
      .tuple(letters(base62, 22), letters(base62, 59))
      .map(([a, b]) => ({ text: `github_pat_${a}_${b}`, hidden: [a, b] })),
  },
  { what: 'GitLab token', kind: 'gitlab-token', planted: behind('glpat-', mixed(url64, 20)) },
  {
    what: 'Slack token',
    kind: 'slack-token',
    planted: fc
      .tuple(letters(digits, 12), letters(base62, 24))
      .map(([a, b]) => ({ text: `xoxb-${a}-${b}`, hidden: [a, b] })),
  },
  { what: 'Stripe key', kind: 'stripe-key', planted: behind('sk_live_', letters(base62, 24, 99)) },
  { what: 'webhook signing secret', kind: 'webhook-secret', planted: behind('whsec_', letters(base62, 32)) },
  { what: 'npm token', kind: 'npm-token', planted: behind('npm_', letters(base62, 36)) },
  { what: 'PyPI token', kind: 'pypi-token', planted: behind('pypi-AgEIcHlwaS5vcmcC', letters(url64, 100, 160)) },
  { what: 'model key', kind: 'model-key', planted: behind('sk-ant-api03-', mixed(url64, 60, 95)) },
  { what: 'Vault token', kind: 'platform-token', planted: behind('hvs.', letters(url64, 90, 120)) },
  { what: 'Docker token', kind: 'platform-token', planted: behind('dckr_pat_', letters(url64, 27)) },
  { what: 'Grafana token', kind: 'platform-token', planted: behind('glsa_', letters(base62, 32), '_0a1b2c3d') },
  {
    what: 'SendGrid key',
    kind: 'platform-token',
    planted: fc
      .tuple(letters(url64, 22), letters(url64, 43))
      .map(([a, b]) => ({ text: `SG.${a}.${b}`, hidden: [a, b] })),
  },
  {
    what: 'Slack webhook',
    kind: 'webhook-url',
    planted: letters(base62, 24).map((one) => ({
      text: `https://hooks.slack.com/services/T01ABCDEF/B01ABCDEF/${one}`,
      hidden: [one, 'T01ABCDEF'],
    })),
  },
  {
    what: 'Discord webhook',
    kind: 'webhook-url',
    planted: letters(url64, 68).map((one) => ({
      text: `https://discord.com/api/webhooks/123456789/${one}`,
      hidden: [one],
    })),
  },
  {
    what: 'seed of one-time passwords',
    kind: 'totp-seed',
    planted: letters(`${upper}234567`, 32).map((one) => ({
      text: `otpauth://totp/Payments:ops@example.com?secret=${one}&issuer=Payments`,
      hidden: [one],
    })),
  },
  {
    what: 'address with a password',
    kind: 'url-password',
    planted: behind('postgres://app:', word, '@db.example.com/payments'),
  },
  { what: 'bearer header', kind: 'authorization', planted: behind('Authorization: Bearer ', mixed(url64, 32, 64)) },
  {
    what: 'basic header',
    kind: 'authorization',
    planted: word
      .map((one) => Buffer.from(`admin:${one}`).toString('base64'))
      .map((one) => ({ text: `Authorization: Basic ${one}`, hidden: [one] })),
  },
  {
    what: 'session cookie',
    kind: 'cookie',
    planted: mixed(base62, 32).map((one) => ({ text: `Set-Cookie: id=${one}; Path=/; HttpOnly`, hidden: [one] })),
  },
  {
    what: 'connection string of libpq',
    kind: 'password',
    planted: behind('host=db user=app password=', word, ' sslmode=require'),
  },
  {
    what: 'JDBC address',
    kind: 'password',
    planted: behind('jdbc:postgresql://db/payments?user=app&password=', word, '&ssl=true'),
  },
  {
    what: 'SQL Server connection string',
    kind: 'password',
    planted: behind('Server=db;User Id=sa;Password=', word, ';Encrypt=true'),
  },
  { what: 'password in the environment', kind: 'password', planted: behind('PGPASSWORD=', word, ' psql -h db') },
  {
    what: 'password of a role',
    kind: 'sql-password',
    planted: behind("CREATE ROLE app LOGIN PASSWORD '", word, "' VALID UNTIL 'infinity'"),
  },
  { what: 'password of MySQL', kind: 'sql-password', planted: behind("CREATE USER app IDENTIFIED BY '", word, "'") },
  { what: 'bcrypt hash', kind: 'password-hash', planted: behind('$2b$12$', letters(`${base62}./`, 53)) },
  {
    what: 'SCRAM verifier',
    kind: 'password-hash',
    planted: letters(base64, 43).map((one) => ({
      text: `SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0$${one}=:${one}=`,
      hidden: [one],
    })),
  },
  {
    what: 'secret in JSON',
    kind: 'named-secret',
    planted: behind('{"client_secret":"', mixed(base62, 24), '","a":1}'),
  },
  {
    what: 'secret in escaped JSON',
    kind: 'named-secret',
    planted: behind('"{\\"api_key\\":\\"', mixed(base62, 24), '\\"}"'),
  },
  { what: 'token in logfmt', kind: 'named-secret', planted: behind('level=info token=', mixed(base62, 24), ' msg=ok') },
  {
    what: 'secret in YAML',
    kind: 'named-secret',
    planted: behind('stringData:\n  signing_secret: ', mixed(base62, 24), '\n'),
  },
  {
    what: 'secret in the environment',
    kind: 'named-secret',
    planted: behind('export STRIPE_API_KEY=', mixed(base62, 24)),
  },
  { what: 'flag', kind: 'password', planted: behind('mysqldump --password ', word, ' payments') },
  { what: 'element', kind: 'password', planted: behind('<db:password>', word, '</db:password>') },
];

/** Where a secret is met: each text stands for a way in which programs carry text. */
export const carriers: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => `2026-11-26T05:00:00Z ERROR could not connect: ${text}`,
  (text) => `/* retry 3 */ SELECT 1; -- ${text}`,
  (text) => `first line\n${text}\nlast line`,
  (text) => `שגיאה: ${text} (エラー)`,
];
