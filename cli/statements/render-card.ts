import type { Card } from '../../contracts/card.ts';
import type { JsonValue } from '../../contracts/values.ts';
import { repeatOf, timeLeft } from '../../gateway/shown/hold-words.ts';
import { findingLine } from '../../policies/card-findings.ts';
import { jcs } from '../../policies/digest.ts';
import { visible, whyLines } from '../../policies/visible.ts';
import type { Paint } from '../shell/io.ts';

const valueCharsMax = 500;
const shown = (value: string): string => visible(value, valueCharsMax);
const shownJson = (value: JsonValue): string => (typeof value === 'string' ? shown(value) : shown(jcs(value)));

/**
 * The whole action as lines for a person who is about to sign it. Everything that came from outside is escaped here, at
 * the last moment: the card itself keeps what was really there. `now` is in milliseconds.
 */
export function renderCard(card: Card, now: number, paint: Paint): string[] {
  const { action, prediction } = card;
  const title = `${card.risk === 'high' ? paint.red('high risk') : paint.yellow('low risk')} ${paint.bold(action.tool)}`;
  return [
    paint.bold('HOLD POINT'),
    ...row('does', shown(prediction.payload.does)),
    ...row('to', shown(prediction.payload.target)),
    ...row('tool', title),
    ...rows('args', argumentsOf(card)),
    ...rows('only if', pairs(action.preconditions)),
    ...rows('changes', prediction.payload.changes.map(shown)),
    ...rows('reaches', prediction.payload.blastRadius.map(shown)),
    ...row('predicted', `${prediction.payload.dryRun ? 'by a dry run' : 'from reads'}, signed by ${prediction.signer}`),
    ...row(
      'undo',
      card.inverse.tool === null ? shown(card.inverse.note) : `${card.inverse.tool}: ${shown(card.inverse.note)}`,
    ),
    ...row('repeat', repeatOf(card.effect)),
    ...rows(
      'why',
      whyLines(card.why).map((line) => `${shown(line)} ${paint.dim("(the model's own words, not checked)")}`),
    ),
    ...rows(
      'noticed',
      (card.findings ?? []).map((one) => shown(findingLine(one))),
    ),
    ...rows('seen as', provenance(card)),
    ...row('runbook', `${shown(card.runbookTitle)} (${action.runbook.id}, ${action.runbook.digest})`),
    ...row('incident', `${action.workflowId} in ${action.namespace}, run ${action.runId}`),
    ...row('release', `${card.quorum} of ${card.groups.map((group) => shown(group)).join(', ')}`),
    ...row('expires', `${card.expiresAt} (${timeLeft(card.expiresAt, now)})`),
    ...row('digest', paint.bold(card.digest)),
  ];
}

/** Each with where it comes from: a signed read of the target, the runbook's own text, or anywhere else. */
function argumentsOf({ action: { args }, origins = {} }: Card): string[] {
  const from = { runbook: 'from the runbook', outside: 'from outside' };
  return pairs(args).map((line, place) => {
    const origin = origins[Object.keys(args)[place] ?? ''];
    return `${line}  (${origin === undefined ? 'from the inventory' : from[origin]})`;
  });
}

function provenance(card: Card): string[] {
  const { entity, tool, readAt, ref } = card.provenance;
  const attributes = Object.entries(entity.attributes).map(([name, value]) => `${shown(name)} = ${shownJson(value)}`);
  return [
    `${entity.kind} ${shown(entity.id)}, by ${shown(tool)} at ${readAt}`,
    `result ${ref.resultHash}`,
    ...attributes,
  ];
}

const labelWidth = 11;
const row = (label: string, value: string): string[] => [`  ${label.padEnd(labelWidth)}${value}`];
const rows = (label: string, values: readonly string[]): string[] =>
  values.flatMap((value, index) => row(index === 0 ? label : '', value));
const pairs = (values: { readonly [name: string]: JsonValue }): string[] => {
  const lines = Object.entries(values).map(([name, value]) => `${shown(name)} = ${shownJson(value)}`);
  return lines.length === 0 ? ['(none)'] : lines;
};
