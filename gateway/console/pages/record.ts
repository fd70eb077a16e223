import type { LogRecord } from '../../../contracts/record.ts';
import type { Head } from '../../../contracts/recorder-api.ts';
import { asked, recordsFrom } from '../ask.ts';
import { incidentHref, recordHref } from '../hrefs.ts';
import type { Html } from '../html.ts';
import { html, none } from '../html.ts';
import { outside } from '../outside.ts';
import type { Page } from '../page.ts';
import { away, facts, instant, tableOf } from '../page.ts';
import type { Asked, Reads } from '../reads.ts';

type Slice = { readonly head: Head; readonly from: number; readonly records: readonly LogRecord[] };
export type Slices = Asked<Slice>;
const shownMax = 50;

/** The newest records, or those from a number on. */
export const loadRecord = (reads: Reads, from: number | null): Promise<Slices> => asked(slice(reads, from));

async function slice({ record }: Reads, wanted: number | null): Promise<Slice> {
  const head = await record.head();
  const from = Math.max(0, Math.min(wanted ?? head.seq - shownMax + 1, head.seq));
  const records: LogRecord[] = [];
  for await (const one of recordsFrom(record, from, Math.min(head.seq, from + shownMax - 1))) records.push(one);
  return { head, from, records };
}

/** The time of the head's signature is no news. */
export const newsOfRecord = (slices: Slices): unknown =>
  slices.kind === 'away' ? slices : { hash: slices.value.head.hash, from: slices.value.from };

export function showRecord(slices: Slices): Page {
  if (slices.kind === 'away')
    return { title: 'Record', main: html`<h1>Record</h1>${away('The recorder does not answer', slices.code)}` };
  const { head, from, records } = slices.value;
  const rows = [...records].reverse().map(rowOf);
  return {
    title: 'Record',
    main: html`<h1>Record</h1>
${facts([
  ['Head', html`#${head.seq}`],
  ['Hash of the head', html`<code class="hash">${head.hash}</code>`],
  ['Signed at', instant(head.at)],
])}
<p class="note">Each record names the hash of the one before, so this one hash stands for all of them. Keep it elsewhere; <code>npx holdpoint verify --archive DIR</code> checks a log from its first record on.</p>
${tableOf('Records, newest first', ['Record', 'At', 'Kind', 'By', 'Incident'], rows)}
<p><a href="${recordHref(Math.max(0, from - shownMax))}">earlier</a> · <a href="/console/record">newest</a></p>`,
  };
}

function rowOf({ seq, at, by, body }: LogRecord): Html[] {
  const workflowId = 'workflowId' in body ? body.workflowId : null;
  const incident =
    workflowId?.startsWith('incident/') === true
      ? html`<a href="${incidentHref(workflowId)}">${outside(workflowId, 60)}</a>`
      : none;
  return [html`#${seq}`, instant(at), html`${body.kind}`, html`${by}`, incident];
}
