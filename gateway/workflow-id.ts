import type { Alert } from '../contracts/alert.ts';
import { Name, WorkflowId } from '../contracts/values.ts';
import { digestOf } from '../policies/digest.ts';

/**
 * The workflow id of an alert: one firing is one incident, and a replayed delivery never is another. Outside text enters
 * it only through a hash, so that the id is safe in a path, a shell line, Markdown and a terminal. Throws `ZodError` when
 * the source is not a `Name`.
 */
export function incidentWorkflowId(alert: Pick<Alert, 'source' | 'fingerprint' | 'startsAt'>): string {
  const { source, fingerprint, startsAt } = alert;
  return WorkflowId.parse(`incident/${Name.parse(source)}/${digestOf([source, fingerprint, startsAt])}`);
}
