import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { Log } from './resolve.ts';

const answerMsMax = 4_000;
const bodyMsMax = 600_000;
const bytesMax = 300 * 1_048_576;

/**
 * Downloads a file whose SHA-256 we already know, and writes it only when it is that very file. A host that does not
 * answer within seconds is given up: there are other ways to get a server.
 */
export async function downloadVerified(url: string, sha256: string, to: string, log: Log): Promise<void> {
  const gate = new AbortController();
  let timer = setTimeout(() => gate.abort(new Error(`no answer within ${answerMsMax} ms`)), answerMsMax);
  try {
    const response = await fetch(url, { signal: gate.signal });
    clearTimeout(timer);
    timer = setTimeout(() => gate.abort(new Error('the download took too long')), bodyMsMax);
    if (!response.ok || response.body === null) throw new Error(`status ${response.status}`);
    const bytes = await readBounded(response.body, log);
    const got = createHash('sha256').update(bytes).digest('hex');
    if (got !== sha256) throw new Error(`checksum: expected ${sha256}, got ${got}`);
    writeFileSync(to, bytes, { mode: 0o600 });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : '';
    throw new Error(`${error instanceof Error ? error.message : String(error)}${cause}`);
  } finally {
    clearTimeout(timer);
  }
}

async function readBounded(body: ReadableStream<Uint8Array>, log: Log): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  let saidAt = performance.now();
  for await (const chunk of body) {
    size += chunk.length;
    if (size > bytesMax) throw new Error('expected a smaller file');
    chunks.push(chunk);
    if (performance.now() - saidAt < 8_000) continue;
    saidAt = performance.now();
    log(`downloading: ${Math.round(size / 1_048_576)} MiB so far`);
  }
  return Buffer.concat(chunks);
}
