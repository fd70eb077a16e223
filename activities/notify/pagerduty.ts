import type { NotifyChannel } from '../../contracts/config.ts';
import { visible } from '../../policies/visible.ts';
import type { Delivery } from './channel.ts';
import { actionOf, alertKeyOf, type Page, titleOf } from './page.ts';

export type PagerDutyChannel = Extract<NotifyChannel, { kind: 'pagerduty' }>;

/** PagerDuty allows 1,024; the count of what was cut off comes on top of what is shown. */
const summaryCharsMax = 900;
const detailCharsMax = 4_000;
const wordCharsMax = 250;

/**
 * An alert event of PagerDuty's Events API v2. What opens an alert says everything; what acknowledges or resolves one
 * needs its key alone. Every text is bounded, which keeps an event far below the 512 KB that are allowed.
 */
export const pagerDutyDelivery =
  ({ routingKey, url }: PagerDutyChannel, namespace: string) =>
  (page: Page): Delivery => {
    const action = actionOf(page);
    const event = {
      routing_key: routingKey,
      event_action: action,
      dedup_key: alertKeyOf(namespace, page),
      ...(action === 'trigger' ? { client: 'Holdpoint', payload: payloadOf(namespace, page) } : {}),
    };
    return {
      url,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(event),
      taken: (status) => status === 202,
    };
  };

function payloadOf(namespace: string, page: Page) {
  const { about, at, workflowId, digest, scope, runbook, escalation, severity, detail, commands } = page;
  const word = (text: string): string => visible(text, wordCharsMax);
  return {
    summary: visible(`${titleOf(page)}: ${detail}`, summaryCharsMax),
    source: word(workflowId ?? scope ?? namespace),
    severity,
    timestamp: at,
    class: about,
    ...(runbook === null ? {} : { component: word(runbook) }),
    custom_details: {
      detail: visible(detail, detailCharsMax),
      ...(workflowId === null ? {} : { workflow: word(workflowId) }),
      ...(digest === null ? {} : { action: word(digest) }),
      ...(escalation === null ? {} : { escalation: word(escalation) }),
      ...(commands.length === 0 ? {} : { commands: commands.map((line) => visible(line, wordCharsMax * 2)) }),
    },
  };
}
