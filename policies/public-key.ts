import { createPublicKey, type KeyObject } from 'node:crypto';
import type { PublicKey } from '../contracts/config.ts';

const known = new WeakMap<PublicKey, KeyObject>();

/** A pinned key as the platform's cryptography takes it; read once, as it verifies whatever its process signs. */
export function keyObjectOf(key: PublicKey): KeyObject {
  const found = known.get(key) ?? createPublicKey({ key, format: 'jwk' });
  known.set(key, found);
  return found;
}
