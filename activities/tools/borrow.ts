import type { CredentialQuestion, IssuedHere } from '../identity/broker-client.ts';
import type { ExecutorDeps } from './executor-deps.ts';
import type { Access } from './implement.ts';

type Deps = Pick<ExecutorDeps, 'broker'>;

/** For a call that looks: the incident's own credential, from the broker each time, so that a withdrawn one is not used on. */
export const accessTo =
  (question: CredentialQuestion, { broker }: Deps): Access =>
  async () =>
    (await broker.issue(question)).credential;

/** For what became of an action: one credential, given back when `body` has ended, however it ends. */
export async function observing<T>(
  { workflowId, digest }: { readonly workflowId: string; readonly digest: string },
  { broker }: Deps,
  body: (credential: Access) => Promise<T>,
): Promise<T> {
  let issued: Promise<IssuedHere> | null = null;
  try {
    return await body(async () => {
      issued ??= broker.issue({ kind: 'observe', workflowId, digest });
      return (await issued).credential;
    });
  } finally {
    giveBack(issued, { broker });
  }
}

/** Nobody waits for it: the broker ends it by itself a little later. */
export function giveBack(issued: Promise<IssuedHere> | null, { broker }: Deps): void {
  void issued?.then(
    ({ id }) => broker.end(id),
    () => undefined,
  );
}
