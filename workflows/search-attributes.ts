const keyword = <N extends string>(name: N) => ({ name, type: 'KEYWORD' }) as const;

/** Typed search attributes of an incident: what the Temporal UI can filter by. */
export const runbookAttribute = keyword('HoldpointRunbook');
export const stateAttribute = keyword('HoldpointState');
export const severityAttribute = keyword('HoldpointSeverity');
/** How many holds wait for a person. */
export const awaitingAttribute = { name: 'HoldpointAwaiting', type: 'INT' } as const;

/** All of them; workers poll only once each exists. */
export const searchAttributes = [runbookAttribute, stateAttribute, severityAttribute, awaitingAttribute] as const;
