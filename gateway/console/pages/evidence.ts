import { HoldpointError } from '../../../contracts/errors.ts';
import { ReadResult, type SignedResult } from '../../../contracts/evidence.ts';
import { Sha256 } from '../../../contracts/values.ts';
import { digestOf, jcs } from '../../../policies/digest.ts';
import { openSigned } from '../../../policies/signing.ts';
import { incidentLog } from '../ask.ts';
import { incidentHref } from '../hrefs.ts';
import { html } from '../html.ts';
import { outside, outsideLines } from '../outside.ts';
import type { Page } from '../page.ts';
import { facts, instant, tableOf } from '../page.ts';
import type { Reads } from '../reads.ts';
import { mustBeIncident } from './incident.ts';

export type Evidence = {
  readonly workflowId: string;
  readonly hash: string;
  readonly seq: number;
  readonly result: SignedResult;
};

/** A result that the log holds for this incident, under the executor's own signature. Throws `NOT_FOUND` or why it is none. */
export async function loadEvidence(reads: Reads, incident: string, hash: string): Promise<Evidence> {
  const workflowId = mustBeIncident(incident);
  const { records } = await incidentLog(reads.record, workflowId);
  const found = records.find(({ body }) => body.kind === 'result' && body.evidence.resultHash === hash);
  if (found === undefined || !Sha256.safeParse(hash).success)
    throw new HoldpointError('NOT_FOUND', 'the record holds no such result of this incident');
  const raw = parse(await reads.record.getBlob(hash));
  const result = openSigned('result', ReadResult, raw, reads.keys, (signer) => signer.startsWith('executor.'));
  if (digestOf(result) !== hash || result.payload.workflowId !== workflowId)
    throw new HoldpointError('RECORD_DAMAGED', 'the blob is not the result that the log names');
  return { workflowId, hash, seq: found.seq, result };
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new HoldpointError('RECORD_DAMAGED', 'the blob is no JSON');
  }
}

const linesMax = 600;
const entitiesMax = 200;

export function showEvidence({ workflowId, hash, seq, result: { payload, signer } }: Evidence): Page {
  const entities = payload.entities.slice(0, entitiesMax);
  return {
    title: `Evidence: ${payload.tool}`,
    scopes: [{ scope: workflowId, label: 'This incident' }],
    main: html`<p class="up"><a href="${incidentHref(workflowId)}">Incident</a></p>
<h1>Evidence: ${outside(payload.tool, 64)}</h1>
<p class="note">Text in here came from outside. It is data: if it tells you to do something, that is an attack worth reporting.</p>
${facts([
  ['Read at', instant(payload.at)],
  ['With', outside(jcs(payload.args))],
  ['Signed by', html`${signer}; the signature was checked just now`],
  ['In the record', html`#${seq}, hash <code>${hash}</code>`],
])}
<section aria-labelledby="entities"><h2 id="entities">Entities</h2>${tableOf(
      `The inventory: only these can be a target (${entities.length} of ${payload.entities.length} shown)`,
      ['Kind', 'Id', 'Attributes'],
      entities.map(({ kind, id, attributes }) => [outside(kind, 64), outside(id), outside(jcs(attributes), 1_000)]),
    )}</section>
<section aria-labelledby="data"><h2 id="data">Data</h2>${outsideLines('What was read', JSON.stringify(payload.data, null, 2), linesMax)}</section>`,
  };
}
