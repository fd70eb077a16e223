import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Limits } from '../contracts/limits.ts';
import type { Approvers, Powers } from '../contracts/manifest.ts';
import { ManifestFile } from '../contracts/manifest.ts';
import { digestOf } from '../policies/digest.ts';
import { buildManifest } from '../policies/manifest.ts';
import { parseRunbook } from '../policies/runbook.ts';
import type { Signer } from '../policies/signing.ts';
import { projectRoot } from './project.ts';

/** What a manifest is made of, besides the build. Texts are YAML; values are written as JSON, which YAML contains. */
export type ManifestParts = {
  readonly runbooks: readonly { readonly file: string; readonly text: string }[];
  /** Organisation policies in Cedar; the shipped default where none are given. */
  readonly policies?: readonly { readonly name: string; readonly text: string }[];
  readonly approvers: Approvers | string;
  readonly powers: Powers | string;
  /** Those that differ from the usual ones. */
  readonly limits?: Partial<Limits> | string;
};
type Build = { readonly bundle: string; readonly judgeBuild: string };

const validMs = 30 * 86_400_000;
const renewMs = 7 * 86_400_000;
const textOf = (part: object | string): string =>
  typeof part === 'string' ? part : `${JSON.stringify(part, null, 2)}\n`;

/** The organisation policy that is shipped. */
export const defaultPolicy = (): { name: string; text: string } => ({
  name: 'default',
  text: readFileSync(join(projectRoot(), 'policies', 'default.cedar'), 'utf8'),
});

function newestIn(dir: string): ManifestFile | null {
  const versions = readdirSync(dir)
    .map((name) => /^manifest-(\d+)\.json$/.exec(name)?.[1])
    .filter((version) => version !== undefined)
    .map(Number);
  if (versions.length === 0) return null;
  return ManifestFile.parse(JSON.parse(readFileSync(join(dir, `manifest-${Math.max(...versions)}.json`), 'utf8')));
}

/**
 * Signs a development manifest over these parts as the next version, into a folder where earlier ones stay for the
 * actions that name them. Unchanged parts with time left give back the newest. Throws `RUNBOOK_INVALID`, naming the file.
 */
export function publishManifest(
  dir: string,
  parts: ManifestParts,
  build: Build,
  signer: Signer,
  now: number,
): ManifestFile {
  mkdirSync(dir, { recursive: true, mode: 0o755 });
  const newest = newestIn(dir);
  // Loaded here as well, since here the file's name is known.
  for (const { file, text } of parts.runbooks) parseRunbook(text, file);
  const version = (newest?.manifest.payload.version ?? 0) + 1;
  const file = buildManifest(
    {
      mode: 'development',
      version,
      issuedAt: new Date(now).toISOString(),
      notAfter: new Date(now + validMs).toISOString(),
      runbooks: parts.runbooks.map(({ text }) => ({ text })),
      policies: parts.policies ?? [defaultPolicy()],
      approvers: textOf(parts.approvers),
      powers: textOf(parts.powers),
      limits: textOf(parts.limits ?? {}),
      ...build,
    },
    signer,
  );
  if (newest !== null && isSame(newest, file, now) && isBy(signer, newest)) return newest;
  const path = join(dir, `manifest-${version}.json`);
  writeFileSync(`${path}.new`, `${JSON.stringify(file)}\n`, { mode: 0o644 });
  renameSync(`${path}.new`, path);
  return file;
}

const isSame = (old: ManifestFile, made: ManifestFile, now: number): boolean =>
  digestOf(old.manifest.payload.entries) === digestOf(made.manifest.payload.entries) &&
  Date.parse(old.manifest.payload.notAfter) - now > renewMs;

/** Ed25519 is deterministic (RFC 8032): signing the payload again gives the signature that is there, or it is another key's. */
const isBy = (signer: Signer, { manifest }: ManifestFile): boolean =>
  signer.sign('manifest', manifest.payload).signature === manifest.signature;
