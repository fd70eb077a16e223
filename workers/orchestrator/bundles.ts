import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { HoldpointError } from '../../contracts/errors.ts';
import { Sha256 } from '../../contracts/values.ts';
import { sha256Hex } from '../../policies/digest.ts';

const BuildId = z.string().regex(/^[0-9a-f]{16}$/);
const Current = z.strictObject({ buildId: BuildId, sha256: Sha256 });
const bundleName = /^([0-9a-f]{16})\.js$/;

/** One workflow bundle: the code that runs pinned to this build id were recorded under. */
export type Bundle = { readonly buildId: string; readonly codePath: string; readonly sha256: string };
export type Bundles = { readonly current: Bundle; readonly earlier: readonly Bundle[] };

/**
 * The bundles of a folder: the current one, and earlier ones that an open run may need. A build id is the start of its
 * code's SHA-256, so a file that was changed since is refused. Throws `NOT_FOUND` or `MANIFEST_MISMATCH`.
 */
export function readBundles(dir: string): Bundles {
  const named = Current.safeParse(readJson(join(dir, 'current.json')));
  if (!named.success) throw new HoldpointError('NOT_FOUND', `expected a built workflow bundle in \`${dir}\``);
  const ids = readdirSync(dir).flatMap((name) => bundleName.exec(name)?.[1] ?? []);
  const bundles = ids.map((buildId) => readBundle(dir, buildId));
  const current = bundles.find(({ sha256 }) => sha256 === named.data.sha256);
  if (current === undefined) throw new HoldpointError('NOT_FOUND', `expected bundle \`${named.data.buildId}\``);
  return { current, earlier: bundles.filter((bundle) => bundle !== current) };
}

function readBundle(dir: string, buildId: string): Bundle {
  const codePath = join(dir, `${buildId}.js`);
  const sha256 = sha256Hex(readFileSync(codePath));
  if (!sha256.startsWith(buildId))
    throw new HoldpointError('MANIFEST_MISMATCH', `bundle \`${buildId}\`: its code has another hash`);
  return { buildId, codePath, sha256 };
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}
