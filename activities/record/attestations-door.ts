import { HoldpointError } from '../../contracts/errors.ts';
import type { Appended } from '../../contracts/recorder-api.ts';
import { attestationFault, openAttestation } from '../../policies/attestation.ts';
import { digestOf } from '../../policies/digest.ts';
import type { RecorderParts } from './parts.ts';

/**
 * Takes a preflight attestation from whoever brings it: its signature is its only authority. The same one is appended
 * once. Throws `BAD_INPUT`, `BAD_SIGNATURE`, or `RECORD_REFUSED` for one of another runbook text or another time.
 */
export async function takeAttestation(parts: RecorderParts, raw: unknown): Promise<Appended> {
  const { log, keys, manifests, clock } = parts;
  const attestation = openAttestation(raw, keys);
  const hash = digestOf(attestation);
  const { runbook } = attestation.payload;
  await parts.recordManifest(manifests.newest());
  return log.write((writer) => {
    const body = { kind: 'attestation', runbook, hash, attestation } as const;
    const known = writer.state.sameBody(body);
    if (known !== null) return writer.state.appendedAt(known);
    const current = manifests.newest().runbooks.get(runbook.id);
    if (current === undefined)
      throw new HoldpointError('RECORD_REFUSED', `attestation: the newest manifest has no runbook \`${runbook.id}\``);
    const fault = attestationFault(attestation.payload, current, clock());
    if (fault !== null) throw new HoldpointError('RECORD_REFUSED', `attestation: ${fault}`);
    return writer.append(body);
  });
}
