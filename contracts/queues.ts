/** Task queue names (design section 2). One queue for each authority, so that access can be granted by queue. */
export const orchestratorQueue = 'holdpoint';
export const reasonerQueue = 'holdpoint-reason';
export const recorderQueue = 'holdpoint-record';
/** INVARIANT: nobody ever polls this queue; a fence is state that needs no code and no worker. */
export const fenceQueue = 'holdpoint-fence';
export const executorQueue = (role: string): string => `holdpoint-execute.${role}`;

export const incidentWorkflowType = 'incident';
export const fenceWorkflowType = 'fence';
export const governorWorkflowType = 'governor';

/** The workflow id of a runbook's governor. */
export const governorId = (runbook: string): string => `governor/${runbook}`;

/** The scope of a kill or a resume: everything, one runbook. Each is one fence. */
export type FenceScope = { readonly kind: 'all' } | { readonly kind: 'runbook'; readonly runbook: string };
export const fenceId = (scope: FenceScope): string =>
  scope.kind === 'all' ? 'fence/all' : `fence/runbook/${scope.runbook}`;
