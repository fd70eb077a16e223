import type { z } from 'zod';
import type { PinnedKeys } from '../contracts/config.ts';
import { HoldpointError } from '../contracts/errors.ts';
import { Limits } from '../contracts/limits.ts';
import { Approvers, Manifest, ManifestFile, Powers } from '../contracts/manifest.ts';
import { registryAsData } from '../contracts/tools/registry.ts';
import { checkApprovers } from './approvers.ts';
import { digestOf, sha256Hex } from './digest.ts';
import { loadPolicies, type OrganisationPolicies } from './organisation/load.ts';
import { type LoadedRunbook, parseRunbook } from './runbook.ts';
import { firstIssue, openSigned, type Signer } from './signing.ts';
import { parseStrictYaml } from './strict-yaml.ts';

/** What one signed manifest says: everything that judging and releasing depend on. */
export type Rules = {
  /** SHA-256 of the manifest's JCS form. */
  readonly digest: string;
  readonly version: number;
  readonly mode: Manifest['mode'];
  /** In ms; from this time on the rules permit nothing. */
  readonly notAfter: number;
  readonly approvers: Approvers;
  readonly powers: Powers;
  readonly limits: Limits;
  readonly runbooks: ReadonlyMap<string, LoadedRunbook>;
  readonly organisation: OrganisationPolicies;
  readonly bundle: string;
  readonly judgeBuild: string;
};

export type OpenManifestInput = {
  /** Parsed JSON of a `manifest-<version>.json`. */
  readonly raw: unknown;
  readonly keys: PinnedKeys;
  /** The mode of the process that opens it: a production process takes no development manifest. */
  readonly mode: Manifest['mode'];
  readonly now: number;
};

/** How far `issuedAt` may be ahead of a reader's clock; further, and one of the two clocks is wrong. */
const issuedAheadMsMax = 300_000;
const fileCharsMax = 262_144;

/**
 * Verifies a manifest file in full: the platform's signature, its validity, its mode, the hash of every file, this
 * build's own tool registry, and every runbook, organisation policy, approver key and limit in it. Throws `MANIFEST_UNSIGNED`,
 * `MANIFEST_EXPIRED`, `MANIFEST_DEVELOPMENT`, `MANIFEST_MISMATCH`, or `RUNBOOK_INVALID` for a runbook that does not load.
 */
export function openManifest({ raw, keys, mode, now }: OpenManifestInput): Rules {
  const file = parseFile(raw);
  const manifest = openPayload((raw as { manifest: unknown }).manifest, keys);
  if (mode === 'production' && manifest.mode !== 'production')
    throw new HoldpointError('MANIFEST_DEVELOPMENT', `expected a production manifest, got ${manifest.mode}`);
  checkValidity(manifest, now);
  const texts = checkFiles(manifest, file.files);
  if (manifest.entries.tools !== digestOf(registryAsData()))
    throw mismatch('`tools`: expected the tool registry of this build, got another');
  const approvers = parseData(Approvers, 'approvers', texts);
  checkApprovers(approvers, keys);
  return Object.freeze({
    digest: digestOf(manifest),
    version: manifest.version,
    mode: manifest.mode,
    notAfter: Date.parse(manifest.notAfter),
    approvers,
    powers: parseData(Powers, 'powers', texts),
    limits: parseData(Limits, 'limits', texts),
    runbooks: loadRunbooks(texts),
    organisation: loadPolicies(policiesIn(texts)),
    bundle: needed(manifest.entries, 'workflow-bundle'),
    judgeBuild: needed(manifest.entries, 'judge-build'),
  });
}

export type ManifestSource = {
  readonly mode: Manifest['mode'];
  readonly version: number;
  /** RFC 3339, UTC, as `toISOString` prints it. */
  readonly issuedAt: string;
  readonly notAfter: string;
  /** Runbook files; an `id`, where given, must be the one inside the text. */
  readonly runbooks: readonly { readonly id?: string; readonly text: string }[];
  /** Organisation policies in Cedar, at least one; `name` is the file's name without its ending. */
  readonly policies: readonly { readonly name: string; readonly text: string }[];
  /** YAML texts. */
  readonly approvers: string;
  readonly powers: string;
  readonly limits: string;
  /** SHA-256 of the workflow bundle, and of the judge's build. */
  readonly bundle: string;
  readonly judgeBuild: string;
};

/**
 * Signs a manifest over these texts, after loading each of them as a reader will: what would be refused is not signed.
 * Throws `MANIFEST_MISMATCH` or `RUNBOOK_INVALID`.
 */
export function buildManifest(source: ManifestSource, signer: Signer): ManifestFile {
  const files: Record<string, string> = {
    approvers: source.approvers,
    powers: source.powers,
    limits: source.limits,
  };
  for (const { id, text } of source.runbooks) {
    const loaded = parseRunbook(text, id === undefined ? 'runbook' : `runbooks/${id}`);
    if (id !== undefined && id !== loaded.id) throw mismatch(`expected runbook \`${id}\`, got \`${loaded.id}\``);
    if (files[`runbooks/${loaded.id}`] !== undefined) throw mismatch(`expected runbook \`${loaded.id}\` once`);
    files[`runbooks/${loaded.id}`] = text;
  }
  for (const { name, text } of source.policies) {
    if (files[`policies/${name}`] !== undefined) throw mismatch(`expected policy file \`${name}\` once`);
    files[`policies/${name}`] = text;
  }
  loadPolicies(source.policies);
  const texts = new Map(Object.entries(files));
  checkApprovers(parseData(Approvers, 'approvers', texts), {});
  parseData(Powers, 'powers', texts);
  parseData(Limits, 'limits', texts);
  const entries = {
    ...Object.fromEntries(Object.entries(files).map(([name, text]) => [name, sha256Hex(text)])),
    tools: digestOf(registryAsData()),
    'workflow-bundle': source.bundle,
    'judge-build': source.judgeBuild,
  };
  const { mode, version, issuedAt, notAfter } = source;
  const payload = Manifest.safeParse({ v: 1, mode, version, issuedAt, notAfter, entries });
  if (!payload.success) throw mismatch(firstIssue(payload.error));
  return { manifest: signer.sign('manifest', payload.data), files };
}

function parseFile(raw: unknown): ManifestFile {
  const parsed = ManifestFile.safeParse(raw);
  if (parsed.success) return parsed.data;
  throw new HoldpointError('MANIFEST_UNSIGNED', `manifest file: ${firstIssue(parsed.error)}`);
}

function openPayload(raw: unknown, keys: PinnedKeys): Manifest {
  try {
    return openSigned('manifest', Manifest, raw, keys, (signer) => signer === 'platform').payload;
  } catch (error) {
    if (!(error instanceof HoldpointError)) throw error;
    throw new HoldpointError('MANIFEST_UNSIGNED', error.message);
  }
}

function checkValidity({ issuedAt, notAfter }: Manifest, now: number): void {
  if (Date.parse(notAfter) <= Date.parse(issuedAt))
    throw mismatch(`expected \`notAfter\` later than \`issuedAt\`, got ${notAfter}`);
  if (!(now < Date.parse(notAfter))) throw new HoldpointError('MANIFEST_EXPIRED', `manifest expired at ${notAfter}`);
  if (now + issuedAheadMsMax < Date.parse(issuedAt))
    throw new HoldpointError('MANIFEST_EXPIRED', `manifest is not valid before ${issuedAt}: check the clock`);
}

const isText = (name: string): boolean => /^(runbooks\/.*|policies\/.*|approvers|powers|limits)$/.test(name);

/** Every text entry has its file, every file its entry and its hash, and nothing else travels along. */
function checkFiles(manifest: Manifest, files: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  const names = new Set([...Object.keys(manifest.entries).filter(isText), ...Object.keys(files)]);
  const texts = new Map<string, string>();
  for (const name of names) {
    const entry = Object.hasOwn(manifest.entries, name) ? manifest.entries[name] : undefined;
    const text = Object.hasOwn(files, name) ? files[name] : undefined;
    if (entry === undefined || !isText(name)) throw mismatch(`\`${name}\`: expected no file without a text entry`);
    if (text === undefined) throw mismatch(`\`${name}\`: expected its file`);
    if (text.length > fileCharsMax || hashOf(text) !== entry)
      throw mismatch(`\`${name}\`: expected a file with the hash of its entry`);
    texts.set(name, text);
  }
  return texts;
}

/** A text with a lone surrogate has no bytes, so it has no hash and fits no entry. */
function hashOf(text: string): string | null {
  try {
    return sha256Hex(text);
  } catch {
    return null;
  }
}

const policiesIn = (texts: ReadonlyMap<string, string>): { name: string; text: string }[] =>
  [...texts].flatMap(([name, text]) => (name.startsWith('policies/') ? [{ name: name.slice(9), text }] : []));

function loadRunbooks(texts: ReadonlyMap<string, string>): ReadonlyMap<string, LoadedRunbook> {
  const runbooks = new Map<string, LoadedRunbook>();
  for (const [name, text] of texts) {
    if (!name.startsWith('runbooks/')) continue;
    const loaded = parseRunbook(text, name);
    if (`runbooks/${loaded.id}` !== name) throw mismatch(`\`${name}\`: expected its own id, got \`${loaded.id}\``);
    if (loaded.digest !== sha256Hex(text)) throw mismatch(`\`${name}\`: expected the digest of its text`);
    runbooks.set(loaded.id, loaded);
  }
  return runbooks;
}

function parseData<T extends z.ZodType>(schema: T, name: string, texts: ReadonlyMap<string, string>): z.infer<T> {
  const text = texts.get(name);
  if (text === undefined) throw mismatch(`\`${name}\`: expected its file`);
  const yaml = parseStrictYaml(text);
  if (!yaml.ok) throw mismatch(`\`${name}\`:${yaml.place.line}:${yaml.place.column}: ${yaml.reason}`);
  const parsed = schema.safeParse(yaml.value);
  if (parsed.success) return parsed.data;
  const { line, column } = yaml.placeOf(parsed.error.issues[0]?.path ?? []);
  throw mismatch(`\`${name}\`:${line}:${column}: ${firstIssue(parsed.error)}`);
}

function needed(entries: Readonly<Record<string, string>>, name: string): string {
  const hash = entries[name];
  if (hash === undefined) throw mismatch(`\`${name}\`: expected an entry`);
  return hash;
}

const mismatch = (message: string): HoldpointError => new HoldpointError('MANIFEST_MISMATCH', message);
