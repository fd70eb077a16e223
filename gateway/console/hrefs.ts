export const root = '/console';

/** Addresses of pages. An id is anybody's choice: it goes into an address only encoded. */
export const incidentHref = (workflowId: string): string => `${root}/incident?id=${encodeURIComponent(workflowId)}`;
export const holdHref = (workflowId: string, digest: string): string =>
  `${root}/hold?incident=${encodeURIComponent(workflowId)}&digest=${encodeURIComponent(digest)}`;
export const evidenceHref = (workflowId: string, hash: string): string =>
  `${root}/evidence?incident=${encodeURIComponent(workflowId)}&hash=${encodeURIComponent(hash)}`;
export const recordHref = (seq: number): string => `${root}/record?from=${seq}`;
export const killHref = (id: string): string => `${root}/kill?id=${encodeURIComponent(id)}`;
