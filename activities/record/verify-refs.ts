import type { RecordBody } from '../../contracts/record.ts';

/** The blobs that a record stands on: with one of them gone, what it says can no longer be checked. */
export function blobsNamedBy(body: RecordBody): readonly string[] {
  switch (body.kind) {
    case 'alert':
      return [body.alertRef];
    case 'result':
      return [body.evidence.resultHash];
    case 'finding':
      return [body.ref];
    case 'proposal':
      return [body.trace];
    case 'card':
      return [body.cardDigest];
    case 'verdict':
      return body.rehearsal === null ? [] : [body.rehearsal.cardDigest];
    case 'intent':
      return [body.request.alertRef, body.request.cardDigest];
    case 'manifest':
      return [body.file];
    case 'seal':
      return [body.history];
    default:
      return [];
  }
}
