import { createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  ListObjectVersionsCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3';

/** What happens to one request instead of being carried out and answered. */
export type Act =
  /** Carried out and answered. */
  | 'pass'
  /** Refused before it is carried out. */
  | { readonly refuse: number; readonly code: string }
  /** Carried out, and its answer lost. */
  | 'lose'
  /** Neither carried out nor answered. */
  | 'hang'
  /** Carried out; the answer's body never ends. */
  | 'endless'
  /** Answered as if carried out, while something else was put. */
  | { readonly instead: Partial<PutObjectCommandInput> };
export type Between = {
  readonly url: string;
  /** What the next requests of this method meet, one each. */
  meet(method: 'PUT' | 'GET' | 'HEAD', ...acts: readonly Act[]): void;
  /** How many requests of this method came. */
  count(method: 'PUT' | 'GET' | 'HEAD'): number;
  close(): Promise<void>;
};
type Asked = { readonly request: IncomingMessage; readonly body: Buffer };

/**
 * Stands between a client and the real server, which sees the very same requests: it can be in trouble, and it behaves as AWS
 * documents where the real server is stricter: a put under `If-None-Match: *` succeeds where the newest version is a delete
 * marker.
 */
export async function startBetween(url: string, root: S3Client): Promise<Between> {
  const acts = new Map<string, Act[]>();
  const counts = new Map<string, number>();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const method = request.method ?? '';
    counts.set(method, (counts.get(method) ?? 0) + 1);
    const asked = { request, body: Buffer.concat(chunks) };
    await answer(url, root, asked, acts.get(method)?.shift(), response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    meet: (method, ...next) => void acts.set(method, [...(acts.get(method) ?? []), ...next]),
    count: (method) => counts.get(method) ?? 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(url: string, root: S3Client, asked: Asked, act: Act | undefined, response: ServerResponse) {
  if (act === 'hang') return;
  if (typeof act === 'object' && 'refuse' in act) {
    response.writeHead(act.refuse, { 'content-type': 'application/xml' });
    response.end(`<?xml version="1.0"?><Error><Code>${act.code}</Code><Message>busy</Message></Error>`);
    return;
  }
  if (typeof act === 'object') return putInstead(root, asked, act.instead, response);
  const { status, headers, body } = await carryOut(url, asked);
  if (act === 'lose') {
    response.destroy();
    return;
  }
  // AWS: the condition only looks at the newest version, and a delete marker counts as none.
  if (status === 412 && (await isDeleted(root, asked))) return putInstead(root, asked, {}, response);
  response.writeHead(status, headers);
  if (act === 'endless') response.write(body.subarray(0, 1));
  else response.end(body);
}

type Answered = { readonly status: number; readonly headers: IncomingMessage['headers']; readonly body: Buffer };

/** The host stays the one that was signed. */
function carryOut(url: string, { request: { method, headers, url: path }, body }: Asked): Promise<Answered> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const options = { hostname, port, headers, ...(method && { method }), ...(path && { path }) };
    const onward = forward(options, async (answered) => {
      const chunks: Buffer[] = [];
      for await (const chunk of answered) chunks.push(chunk as Buffer);
      resolve({ status: answered.statusCode ?? 500, headers: answered.headers, body: Buffer.concat(chunks) });
    });
    onward.on('error', reject);
    onward.end(body);
  });
}

function placeOf({ request }: Asked): { Bucket: string; Key: string } {
  const [, Bucket = '', ...key] = new URL(request.url ?? '', 'http://s3').pathname.split('/');
  return { Bucket, Key: key.join('/') };
}

async function isDeleted(root: S3Client, asked: Asked): Promise<boolean> {
  const { Bucket, Key } = placeOf(asked);
  const { DeleteMarkers = [] } = await root.send(new ListObjectVersionsCommand({ Bucket, Prefix: Key }));
  return DeleteMarkers.some((marker) => marker.Key === Key && marker.IsLatest === true);
}

async function putInstead(
  root: S3Client,
  asked: Asked,
  instead: Partial<PutObjectCommandInput>,
  response: ServerResponse,
): Promise<void> {
  const { headers } = asked.request;
  const put = await root.send(
    new PutObjectCommand({
      ...placeOf(asked),
      Body: asked.body,
      ChecksumAlgorithm: 'SHA256',
      ObjectLockMode: 'COMPLIANCE',
      ObjectLockRetainUntilDate: new Date(String(headers['x-amz-object-lock-retain-until-date'])),
      ...instead,
    }),
  );
  response.writeHead(200, { etag: put.ETag ?? '', 'x-amz-version-id': put.VersionId ?? '' }).end();
}
