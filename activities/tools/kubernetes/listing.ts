import type { KubernetesListObject, KubernetesObject } from '@kubernetes/client-node';

const pageMax = 500;
const pagesMax = 4;

export type Listed<T> = { readonly items: readonly T[]; readonly truncated: boolean };
type Page<T extends KubernetesObject> = Pick<KubernetesListObject<T>, 'metadata' | 'items'>;

/** Everything of a list, up to 2000 objects. What is left out is said. */
export async function listAll<T extends KubernetesObject>(
  page: (query: { readonly limit: number; readonly _continue?: string }) => Promise<Page<T>>,
): Promise<Listed<T>> {
  const items: T[] = [];
  let next: string | undefined;
  for (let count = 0; count < pagesMax; count++) {
    const answer = await page({ limit: pageMax, ...(next === undefined ? {} : { _continue: next }) });
    items.push(...answer.items);
    next = answer.metadata?._continue;
    if (next === undefined || next === '') return { items, truncated: false };
  }
  return { items, truncated: true };
}
