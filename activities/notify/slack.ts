import type { NotifyChannel } from '../../contracts/config.ts';
import { mrkdwnSpan } from '../../policies/visible.ts';
import type { Delivery } from './channel.ts';
import { type Page, titleOf } from './page.ts';

export type SlackChannel = Extract<NotifyChannel, { kind: 'slack' }>;

/** Slack allows 3,000 characters in a section and 150 in a header; a count of what was cut off comes on top. */
const detailCharsMax = 2_500;
const wordCharsMax = 300;
const notificationCharsMax = 300;
const commandsMax = 4;

/** `verbatim`: Slack makes no link and no mention of what merely looks like one. */
const mrkdwn = (text: string) => ({ type: 'mrkdwn', text, verbatim: true });
const section = (text: string) => ({ type: 'section', text: mrkdwn(text) });

/**
 * A message for a Slack incoming webhook. Text from outside is an escaped code span: it can format nothing, link nowhere
 * and mention nobody. `text` is what a notification shows; `blocks` is the message.
 */
export const slackDelivery =
  ({ url }: SlackChannel) =>
  (page: Page): Delivery => ({
    url,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify({
      text: `${titleOf(page)}: ${mrkdwnSpan(page.detail, notificationCharsMax)}`,
      blocks: blocksOf(page),
    }),
    taken: (status) => status === 200,
  });

function blocksOf(page: Page) {
  const { about, at, severity, detail } = page;
  const commands = page.commands.slice(0, commandsMax).map((line) => mrkdwnSpan(line, wordCharsMax));
  return [
    { type: 'header', text: { type: 'plain_text', text: titleOf(page), emoji: false } },
    section(mrkdwnSpan(detail, detailCharsMax)),
    ...(commands.length === 0 ? [] : [section(commands.join('\n'))]),
    { type: 'context', elements: [mrkdwn(`${about} · ${severity} · ${at}`), ...places(page).map(mrkdwn)] },
  ];
}

function places({ workflowId, scope, runbook, escalation }: Page): string[] {
  const named = { incident: workflowId, scope, runbook, escalation };
  return Object.entries(named).flatMap(([name, text]) =>
    text === null ? [] : [`${name} ${mrkdwnSpan(text, wordCharsMax)}`],
  );
}
