import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { createReader } from '../../activities/record/client.ts';
import { askStatuses } from '../../activities/record/windows.ts';
import type { ConsoleSecrets } from '../../contracts/config.ts';
import { createAdmission } from '../../gateway/admission.ts';
import { loadConsoleFiles } from '../../gateway/console/files.ts';
import type { ConsoleLimits } from '../../gateway/console/routes.ts';
import { createWebhookServer } from '../../gateway/server.ts';
import { freePort } from '../../servers/ports.ts';
import { bearer, genericSecret, keys, signer } from './under-test.ts';

export const files = loadConsoleFiles(join(import.meta.dirname, '..', '..', 'gateway', 'console', 'assets'));
const token = (): string => randomBytes(32).toString('base64url');
export const viewer = { name: 'reader', role: 'viewer', token: token() } as const;
export const onCall = { name: 'phone', role: 'on-call', token: token() } as const;
export const once = token();

type Options = {
  readonly address: string;
  readonly namespace: string;
  readonly secrets?: ConsoleSecrets | null;
  readonly mode?: 'development' | 'production';
  readonly limits?: Partial<ConsoleLimits>;
  readonly clock?: () => number;
};

/** The real gateway with its console, before a real Temporal, and a recorder that is away. */
export async function consoleUnderTest(options: Options) {
  const { address, namespace, mode = 'development', clock = Date.now } = options;
  const connection = Connection.lazy({ address });
  const client = new Client({ connection, namespace });
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const log = pino({ level: 'silent' });
  const away = { url: `http://127.0.0.1:${await freePort()}`, keys };
  const { head, records, getBlob } = createReader({ ...away, signer, clock });
  const record = { head, records, getBlob, statuses: () => askStatuses(away) };
  const secrets = options.secrets === undefined ? { tokens: [viewer, onCall], once } : options.secrets;
  const config = { origin, commands: { home: null, temporalAddress: null } };
  const reads = { client, namespace, record, keys };
  const limits = { pollMs: 100, ...options.limits };
  const server = await createWebhookServer({
    admit: createAdmission({ client, namespace, signer, clock }),
    secrets: { alertmanager: bearer, generic: genericSecret },
    clock,
    log,
    registry: new Registry(),
    console: secrets === null ? null : { reads, config, secrets, files, mode, clock, log, limits },
  });
  await server.listen({ host: '127.0.0.1', port });
  return {
    origin,
    client,
    async stop() {
      await server.close();
      await connection.close();
    },
  };
}

export type Asked = { readonly status: number; readonly headers: Headers; readonly text: string };

export async function ask(origin: string, path: string, init: RequestInit = {}): Promise<Asked> {
  const reply = await fetch(`${origin}${path}`, { redirect: 'manual', ...init });
  return { status: reply.status, headers: reply.headers, text: await reply.text() };
}

export const postForm = (origin: string, path: string, fields: Record<string, string>, headers = {}): Promise<Asked> =>
  ask(origin, path, { method: 'POST', headers: { origin, ...headers }, body: new URLSearchParams(fields) });

/** The cookie of a session, and the token of its forms. */
export async function signIn(origin: string, token: string): Promise<{ cookie: string; csrf: string }> {
  const entered = await postForm(origin, '/console/sign-in', { token });
  const cookie = (entered.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const page = await ask(origin, '/console/kills', { headers: { cookie } });
  return { cookie, csrf: /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? '' };
}
