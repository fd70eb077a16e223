import { existsSync, readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { Door } from '../activities/record/wire.ts';
import { PinnedKeys } from '../contracts/config.ts';
import { PersonId } from '../contracts/statement.ts';
import { firstIssue } from '../policies/signing.ts';
import type { Io } from './shell/io.ts';
import { Refusal } from './shell/refusal.ts';

/**
 * What a person's commands need to know of one installation: `<home>/holdpoint.json`. It holds no secret: keys are paths,
 * and the webhook secret is in a file of its own. `demo` and `dev` write it; a platform team hands one out.
 */
export const ClientConfig = z.strictObject({
  v: z.literal(1),
  temporal: z.strictObject({ address: z.string().min(1).max(255), namespace: z.string().min(1).max(255) }),
  temporalUi: z.url().nullable(),
  recorderUrl: z.url(),
  gatewayUrl: z.url(),
  keys: PinnedKeys,
  manifestDir: z.string().min(1).nullable(),
  archiveDir: z.string().min(1).nullable(),
  runbooksDir: z.string().min(1).nullable(),
  /** File with the bearer token of the Alertmanager webhook. */
  alertTokenFile: z.string().min(1).nullable(),
  sshKey: z.string().min(1).nullable(),
  person: PersonId.nullable(),
});
export type ClientConfig = z.infer<typeof ClientConfig>;

const fileName = 'holdpoint.json';

/** The folder that commands look into: `HOLDPOINT_HOME`, else `.holdpoint` here. */
export const homeOf = (io: Pick<Io, 'env' | 'cwd'>): string =>
  resolve(
    io.cwd,
    io.env.HOLDPOINT_HOME === undefined || io.env.HOLDPOINT_HOME === '' ? '.holdpoint' : io.env.HOLDPOINT_HOME,
  );

/** True when the person named the home: it then wins over `TEMPORAL_ADDRESS`, so that a printed command works as printed. */
export const homeIsNamed = (io: Pick<Io, 'env'>): boolean => (io.env.HOLDPOINT_HOME ?? '') !== '';

/** Reads `<home>/holdpoint.json`; null when there is none. Throws `Refusal` BAD_INPUT when it is not what it should be. */
export function loadClientConfig(io: Pick<Io, 'env' | 'cwd'>): ClientConfig | null {
  const file = join(homeOf(io), fileName);
  if (!existsSync(file)) {
    if (!homeIsNamed(io)) return null;
    throw new Refusal(
      'NOT_FOUND',
      `no \`${fileName}\` in HOLDPOINT_HOME \`${homeOf(io)}\``,
      'name the folder that `holdpoint demo --keep` or `holdpoint dev` printed',
    );
  }
  const raw = parseJson(readFileSync(file, 'utf8'), file);
  const parsed = ClientConfig.safeParse(raw);
  if (!parsed.success)
    throw new Refusal(
      'BAD_INPUT',
      `${file}: ${firstIssue(parsed.error)}`,
      'mend that field, or let `holdpoint dev` write the file again',
    );
  return parsed.data;
}

/** The configuration, or a refusal that says where it is looked for. */
export function requireClientConfig(io: Pick<Io, 'env' | 'cwd'>): ClientConfig {
  const config = loadClientConfig(io);
  if (config !== null) return config;
  throw new Refusal(
    'NOT_FOUND',
    `no ${fileName} in \`${homeOf(io)}\`: it names the recorder, the gateway and the pinned keys`,
    'start `holdpoint dev` here, or set HOLDPOINT_HOME to the folder that holds it',
  );
}

/** The recorder's open doors, with the keys that its replies are believed under. */
export const doorOf = ({ recorderUrl, keys }: ClientConfig): Door => ({ url: recorderUrl, keys });

/** Writes the file whole or not at all: a command that runs meanwhile reads the old one. */
export async function writeClientConfig(home: string, config: ClientConfig): Promise<void> {
  const file = join(home, fileName);
  await writeFile(`${file}.new`, `${JSON.stringify(ClientConfig.parse(config), null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal('BAD_INPUT', `${file}: expected JSON`, 'mend the file, or let `holdpoint dev` write it again');
  }
}
