import type { CoreV1Event } from '@kubernetes/client-node';
import { events } from '../../../contracts/tools/kubernetes-reads.ts';
import { bounded, fitting, jsonBytes } from '../bounded.ts';
import type { ReadTool } from '../implement.ts';
import type { Access } from './access.ts';
import { withCluster } from './cluster.ts';
import { type Moment, msOf, timeOf, wordOf } from './facts.ts';
import { listAll } from './listing.ts';

const eventsMax = 200;

/** Events, the newest first. Their messages are whatever a controller, or whoever may write events, put there. */
export const readEvents = (access: Access): ReadTool => ({
  kind: 'read',
  contract: events,
  read: ({ namespace, about }, { signal, credential, bytesMax }) =>
    withCluster(access, 'read', { signal, credential, doing: 'events' }, async ({ core }) => {
      const select = typeof about === 'string' ? { fieldSelector: `involvedObject.name=${about}` } : {};
      const listed = await listAll((page) =>
        core.listNamespacedEvent({ namespace: String(namespace), ...select, ...page }),
      );
      const found = [...listed.items].sort((a, b) => lastAt(b) - lastAt(a)).map(lineOf);
      const { kept, truncated } = fitting(found, { count: eventsMax, bytes: bytesMax }, jsonBytes);
      return { data: { events: kept, truncated: listed.truncated || truncated }, entities: [] };
    }),
});

const lastOf = ({ lastTimestamp, series, eventTime, firstTimestamp }: CoreV1Event): Moment =>
  lastTimestamp ?? series?.lastObservedTime ?? eventTime ?? firstTimestamp;
const lastAt = (event: CoreV1Event): number => msOf(lastOf(event)) ?? 0;

const lineOf = (event: CoreV1Event) => ({
  type: bounded(event.type ?? '', 32),
  reason: wordOf(event.reason),
  about: {
    kind: bounded(event.involvedObject.kind ?? '', 64),
    name: bounded(event.involvedObject.name ?? '', 253),
  },
  count: event.count ?? event.series?.count ?? 1,
  lastAt: timeOf(lastOf(event)),
  raw: bounded(event.message ?? '', 1_024),
});
