import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { PublicKey } from '../contracts/config.ts';
import { PrivateKey } from '../contracts/config.ts';
import { HoldpointError } from '../contracts/errors.ts';

/** A new Ed25519 key. Its `kid` says what it was made for: production refuses it. */
export function newDevelopmentKey(): PrivateKey {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { x, d } = privateKey.export({ format: 'jwk' });
  return PrivateKey.parse({ kty: 'OKP', crv: 'Ed25519', x, d, kid: 'development' });
}

export const publicHalf = ({ kty, crv, x, kid }: PrivateKey): PublicKey => ({ kty, crv, x, ...(kid && { kid }) });

/** Written whole and readable by its owner alone; kept on the next start. */
export function keptSecret<T>(file: string, make: () => T, parse: (raw: unknown) => T): T {
  if (existsSync(file)) {
    try {
      return parse(JSON.parse(readFileSync(file, 'utf8')));
    } catch {
      // The parser's message would quote the secret.
      throw new HoldpointError('BAD_INPUT', `\`${file}\`: expected the secret that was written there`);
    }
  }
  const value = make();
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, `${JSON.stringify(value)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return value;
}

/** 256 random bits as a word. */
export const newToken = (): string => randomBytes(32).toString('base64url');
export type SignInSecrets = { readonly token: string; readonly once: string };

export type WebhookSecrets = { readonly alertmanagerToken: string; readonly generic: string };

export const newWebhookSecrets = (): WebhookSecrets => ({
  alertmanagerToken: newToken(),
  generic: `whsec_${randomBytes(32).toString('base64')}`,
});
