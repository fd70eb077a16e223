import { createPrivateKey, createPublicKey } from 'node:crypto';
import { closeSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConfigOf, SecretsOf } from '../../contracts/config.ts';
import { ProcessConfig, ProcessSecrets } from '../../contracts/config.ts';
import { HoldpointError } from '../../contracts/errors.ts';
import type { ProcessId } from '../../contracts/signed.ts';
import { firstIssue } from '../../policies/signing.ts';

export type ProcessName = ProcessConfig['process'];
type Environment = Readonly<Record<string, string | undefined>>;

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, which may be a secret.
    throw new HoldpointError('BAD_INPUT', `${what}: expected JSON`);
  }
}

function readBounded(source: string | number, what: string): string {
  try {
    const text = readFileSync(source, 'utf8');
    if (text.length <= 1_048_576) return text;
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new HoldpointError('BAD_INPUT', `${what}: cannot be read (${reason})`);
  }
  throw new HoldpointError('TOO_LARGE', `${what}: expected at most 1 MiB`);
}

function mustBeFor(process: ProcessName, raw: unknown, what: string): void {
  const got = typeof raw === 'object' && raw !== null ? (raw as { process?: unknown }).process : undefined;
  if (got !== process) {
    throw new HoldpointError('BAD_INPUT', `${what}: \`process\`: expected \`${process}\`, got \`${String(got)}\``);
  }
}

/** The configuration at `HOLDPOINT_CONFIG`. Throws `BAD_INPUT` naming the first wrong field. */
export function readConfig<P extends ProcessName>(process: P, env: Environment): ConfigOf<P> {
  const file = env.HOLDPOINT_CONFIG;
  if (!file) throw new HoldpointError('BAD_INPUT', 'HOLDPOINT_CONFIG: expected the path of a JSON file');
  const raw = parseJson(readBounded(file, 'HOLDPOINT_CONFIG'), 'HOLDPOINT_CONFIG');
  mustBeFor(process, raw, 'HOLDPOINT_CONFIG');
  const parsed = ProcessConfig.safeParse(raw);
  if (!parsed.success) throw new HoldpointError('BAD_INPUT', `HOLDPOINT_CONFIG: ${firstIssue(parsed.error)}`);
  return parsed.data as ConfigOf<P>;
}

/** A descriptor is read to its end and closed, so that no child of this process can inherit what it held. */
function readSecretsText(env: Environment): { text: string; what: string } {
  const { HOLDPOINT_SECRETS_FD: fd, HOLDPOINT_SECRETS_FILE: file } = env;
  if ((fd === undefined) === (file === undefined)) {
    throw new HoldpointError(
      'BAD_INPUT',
      'secrets: expected exactly one of HOLDPOINT_SECRETS_FD and HOLDPOINT_SECRETS_FILE',
    );
  }
  if (file !== undefined) return { text: readBounded(file, 'HOLDPOINT_SECRETS_FILE'), what: 'HOLDPOINT_SECRETS_FILE' };
  if (!/^[3-9]$/.test(fd ?? '')) {
    throw new HoldpointError('BAD_INPUT', `HOLDPOINT_SECRETS_FD: expected 3 to 9, got \`${fd}\``);
  }
  const text = readBounded(Number(fd), 'HOLDPOINT_SECRETS_FD');
  closeSync(Number(fd));
  return { text, what: 'HOLDPOINT_SECRETS_FD' };
}

/** The secrets document of a process. Throws `BAD_INPUT` naming the field, never its value. */
export function readSecrets<P extends ProcessName>(process: P, env: Environment): SecretsOf<P> {
  const { text, what } = readSecretsText(env);
  const raw = parseJson(text, what);
  mustBeFor(process, raw, what);
  const parsed = ProcessSecrets.safeParse(raw);
  if (!parsed.success) {
    const path = parsed.error.issues[0]?.path.map(String).join('.') || '(root)';
    throw new HoldpointError('BAD_INPUT', `${what}: \`${path}\`: not as the schema wants it`);
  }
  return parsed.data as SecretsOf<P>;
}

/** The name this process signs under: an executor signs as its role. */
export const signerId = (config: ProcessConfig): ProcessId =>
  config.process === 'executor' ? `executor.${config.role}` : config.process;

/** Throws `BAD_INPUT` unless the private key is whole and its public half is the pinned one of this very process. */
export function mustOwnPinnedKey(config: ProcessConfig, secrets: ProcessSecrets): void {
  const as = signerId(config);
  let x: string | undefined;
  try {
    x = createPublicKey(createPrivateKey({ key: secrets.key, format: 'jwk' })).export({ format: 'jwk' }).x;
  } catch {
    throw new HoldpointError('BAD_INPUT', 'secrets: `key`: expected an Ed25519 private key');
  }
  if (!(config.keys[as] ?? []).some((pinned) => pinned.x === x)) {
    throw new HoldpointError('BAD_INPUT', `secrets: \`key\`: its public key is not pinned for \`${as}\``);
  }
}

/**
 * INVARIANT: nothing that `dev` or `demo` made runs in production: not its keys, not a manifest it signed, no failpoint.
 * Throws `MANIFEST_DEVELOPMENT` or `BAD_INPUT`.
 */
export function refuseDevelopmentParts(config: ProcessConfig, secrets: ProcessSecrets, env: Environment): void {
  if (config.mode !== 'production') return;
  if (env.HOLDPOINT_FAILPOINTS) {
    throw new HoldpointError('BAD_INPUT', 'HOLDPOINT_FAILPOINTS: expected none in production');
  }
  const marked = Object.entries(config.keys).find(([, keys]) => keys.some((key) => key.kid === 'development'));
  if (marked !== undefined || secrets.key.kid === 'development') {
    const whose = marked?.[0] ?? signerId(config);
    throw new HoldpointError('BAD_INPUT', `keys: the key of \`${whose}\` was made for development`);
  }
  for (const name of manifestNames(config.manifestDir)) {
    const raw = parseJson(readFileSync(join(config.manifestDir, name), 'utf8'), name);
    const file = raw as { manifest?: { payload?: { mode?: unknown } } } | null;
    if (file?.manifest?.payload?.mode !== 'development') continue;
    throw new HoldpointError(
      'MANIFEST_DEVELOPMENT',
      `\`${name}\`: expected a production manifest, got a development one`,
    );
  }
}

function manifestNames(dir: string): string[] {
  try {
    return readdirSync(dir).filter((name) => /^manifest-\d+\.json$/.test(name));
  } catch {
    return []; // a process that needs manifests says so itself, with the right code
  }
}
