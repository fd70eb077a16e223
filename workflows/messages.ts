import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { SignedAlert } from '../contracts/alert.ts';
import type { GovernorView } from '../contracts/governor.ts';
import type { PendingHold, StateView, TimelineEntry } from '../contracts/incident.ts';

/**
 * What `note` may say. `reset`: this run was born of a Reset, so open holds were minted for another run id and are judged
 * again. A note is a hint: it can only make the workflow ask again, never release, so it needs no signature.
 */
export type Note = { readonly kind: 'reset' };

/** Carries a signed statement, as an object or as the JSON text that `holdpoint sign` prints. */
export const approveSignal = defineSignal<[unknown]>('approve');
/** Carries a signed statement too: its own verdict counts, not the signal's name. */
export const rejectSignal = defineSignal<[unknown]>('reject');
/** A repeat firing, or the resolution, of the alert that started this incident: its signature by the gateway counts, not who sent it. */
export const alertSignal = defineSignal<[SignedAlert]>('alert');
export const noteSignal = defineSignal<[Note]>('note');

export const pendingQuery = defineQuery<PendingHold[]>('pending');
export const timelineQuery = defineQuery<TimelineEntry[]>('timeline');
export const stateQuery = defineQuery<StateView>('state');

/** Asks a governor to look now. It carries nothing, so it needs no signature. */
export const lookSignal = defineSignal('look');
/** `state` of a governor. */
export const governorQuery = defineQuery<GovernorView>('state');
