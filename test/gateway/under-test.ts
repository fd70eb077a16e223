import { createHmac, generateKeyPairSync, randomBytes } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { onTestFinished } from 'vitest';
import type { PinnedKeys, PrivateKey } from '../../contracts/config.ts';
import { createAdmission } from '../../gateway/admission.ts';
import type { GatewayDeps } from '../../gateway/server.ts';
import { createWebhookServer } from '../../gateway/server.ts';
import type { AlertmanagerSecret } from '../../gateway/webhooks/alertmanager.ts';
import { createSigner } from '../../policies/signing.ts';

export const bearer = { scheme: 'bearer', token: `planted-bearer-${randomBytes(16).toString('hex')}` } as const;
export const basic = {
  scheme: 'basic',
  username: 'alertmanager',
  password: `planted-password-${randomBytes(16).toString('hex')}`,
} as const;
export const genericSecret = `whsec_${randomBytes(24).toString('base64')}`;

const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
const key: PrivateKey = { kty: 'OKP', crv: 'Ed25519', x: String(jwk.x), d: String(jwk.d) };
export const keys: PinnedKeys = { gateway: [{ kty: 'OKP', crv: 'Ed25519', x: key.x }] };
export const signer = createSigner('gateway', key);

export type UnderTest = {
  readonly url: string;
  readonly client: Client;
  readonly registry: Registry;
  readonly server: FastifyInstance;
  /** Everything that was logged, at every level. */
  readonly logged: () => string;
};
type Options = {
  readonly address: string;
  readonly namespace: string;
  readonly alertmanager?: AlertmanagerSecret;
  readonly limits?: GatewayDeps['limits'];
  readonly deadlineMs?: number;
};

/** A gateway on a free port before a real Temporal, or before an address where none is; it ends with the test. */
export async function gatewayUnderTest(options: Options): Promise<UnderTest> {
  const connection = Connection.lazy({ address: options.address });
  const client = new Client({ connection, namespace: options.namespace });
  const lines: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) });
  const registry = new Registry();
  const clock = Date.now;
  const { namespace, deadlineMs = 5_000 } = options;
  const server = await createWebhookServer({
    admit: createAdmission({ client, namespace, signer, clock, deadlineMs }),
    secrets: { alertmanager: options.alertmanager ?? bearer, generic: genericSecret },
    clock,
    log,
    registry,
    limits: options.limits ?? {},
  });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(async () => {
    await server.close();
    await connection.close();
  });
  return { url, client, registry, server, logged: () => lines.join('') };
}

export const bearerOf = (token: string) => ({ authorization: `Bearer ${token}` });
export const basicOf = (username: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
});

/** Headers of a Standard Webhooks message, made by hand from the specification. */
export function signedHeaders(
  body: string,
  { secret = genericSecret, id = randomBytes(8).toString('hex'), at = Date.now() } = {},
) {
  const timestamp = String(Math.floor(at / 1_000));
  const mac = createHmac('sha256', Buffer.from(secret.slice('whsec_'.length), 'base64'));
  const signature = mac.update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}

export type Reply = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: ReplyBody;
};
export type ReplyBody = {
  readonly error?: { readonly code: string; readonly message: string };
  readonly accepted?: readonly { readonly workflowId: string; readonly result: string }[];
  readonly rejected?: readonly { readonly index: number; readonly code: string }[];
};

export async function post(
  url: string,
  path: string,
  body: unknown,
  headers: Record<string, string> = bearerOf(bearer.token),
): Promise<Reply> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    body: text,
    headers: { 'content-type': 'application/json', ...headers },
  });
  const reply = await response.text();
  return { status: response.status, headers: response.headers, text: reply, json: JSON.parse(reply) as ReplyBody };
}

let count = 0;
/** One Alertmanager alert that no other test has. */
export const freshAlert = (over: object = {}) => ({
  status: 'firing',
  labels: { alertname: 'PaymentsDatabaseBlocked', service: 'payments' },
  annotations: { summary: 'payments wait' },
  startsAt: '2026-03-07T06:33:21.873077559-05:00',
  endsAt: '0001-01-01T00:00:00Z',
  fingerprint: `${++count}-${randomBytes(8).toString('hex')}`,
  ...over,
});
export const group = (...alerts: unknown[]) => ({ version: '4', status: 'firing', receiver: 'holdpoint', alerts });
