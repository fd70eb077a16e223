import { Session } from 'node:inspector/promises';

type Attached = { readonly params: { readonly sessionId: string } };
type Received = { readonly params: { readonly sessionId: string; readonly message: string } };
type Listen = { on(event: string, listener: (message: never) => void): void };
type Post = { post(method: string, params?: object): Promise<unknown> };

const collect = 'HeapProfiler.collectGarbage';
const collectedWithinMs = 30_000;

/**
 * Collects the garbage of every isolate of this process, as a debugger would: the workflows live in a thread of the
 * SDK's, which `global.gc` does not reach. What stays resident afterwards is really held. Throws when a thread is silent.
 */
export async function createCollector(): Promise<{ collectGarbage(): Promise<number> }> {
  const session = new Session();
  session.connect();
  const { post } = bound(session);
  const threads = new Set<string>();
  const waiting = new Map<number, () => void>();
  const listen = session as unknown as Listen;
  listen.on('NodeWorker.attachedToWorker', ({ params }: Attached) => threads.add(params.sessionId));
  listen.on('NodeWorker.detachedFromWorker', ({ params }: Attached) => threads.delete(params.sessionId));
  listen.on('NodeWorker.receivedMessageFromWorker', ({ params }: Received) => {
    const { id } = JSON.parse(params.message) as { id?: number };
    if (id !== undefined) waiting.get(id)?.();
  });
  await post('NodeWorker.enable', { waitForDebuggerOnStart: false });
  let asked = 0;
  const collectIn = (sessionId: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const id = ++asked;
      const late = setTimeout(
        () => reject(new Error('expected a thread that collects its garbage')),
        collectedWithinMs,
      );
      waiting.set(id, () => {
        clearTimeout(late);
        waiting.delete(id);
        resolve();
      });
      post('NodeWorker.sendMessageToWorker', { sessionId, message: JSON.stringify({ id, method: collect }) }).catch(
        reject,
      );
    });
  return {
    collectGarbage: async () => {
      await post(collect);
      await Promise.all([...threads].map(collectIn));
      return threads.size;
    },
  };
}

/** `NodeWorker` is Node's own domain; the types of the session know it only event by event. */
const bound = (session: Session): Post => ({
  post: (method, params) =>
    (session.post as (method: string, params?: object) => Promise<unknown>).call(session, method, params),
});
