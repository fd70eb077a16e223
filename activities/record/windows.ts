import type { z } from 'zod';
import { HoldpointError } from '../../contracts/errors.ts';
import { LogRecord, type SignedRecord } from '../../contracts/record.ts';
import { ProposalStatus, RunbookStatus, RunbookStatuses } from '../../contracts/runbook-status.ts';
import { Name } from '../../contracts/values.ts';
import { digestOf } from '../../policies/digest.ts';
import { firstIssue, openSigned } from '../../policies/signing.ts';
import { askDoor, type Door, parseJson } from './wire.ts';

const waitMsMax = 10_000;

/** Where every runbook stands, by the recorder's signed reply. Throws `RECORDER_AWAY` or the recorder's code, as all below. */
export const askStatuses = (door: Door): Promise<RunbookStatus[]> => look(door, '/v1/runbooks', RunbookStatuses);

/** Throws `NOT_FOUND` for a runbook that the newest manifest does not have. */
export async function askStatus(door: Door, id: string): Promise<RunbookStatus> {
  if (!Name.safeParse(id).success) throw new HoldpointError('NOT_FOUND', 'no runbook can have this name');
  const status = await look(door, `/v1/runbooks/${encodeURIComponent(id)}`, RunbookStatus);
  return mustBe(status, status.runbook === id);
}

/** Throws `NOT_FOUND` for a digest that nobody was shown a card for. */
export async function askProposal(door: Door, digest: string): Promise<ProposalStatus> {
  const proposal = await look(door, `/v1/proposals/${encodeURIComponent(digest)}`, ProposalStatus);
  return mustBe(proposal, proposal.digest === digest);
}

/** The record of a change of standing, which proves itself: its hash is the one asked for. Throws `NOT_FOUND`. */
export async function askChange({ url, keys }: Door, hash: string): Promise<SignedRecord> {
  const body = await ask({ url, keys }, `/v1/changes/${encodeURIComponent(hash)}`);
  const record = openSigned('record', LogRecord, parseJson(body), keys, (signer) => signer === 'recorder');
  return mustBe(record, digestOf(record) === hash);
}

const ask = (door: Door, path: string): Promise<Buffer> => askDoor(door, { method: 'GET', path }, waitMsMax);

async function look<S extends z.ZodType>(door: Door, path: string, schema: S): Promise<z.infer<S>> {
  const parsed = schema.safeParse(parseJson(await ask(door, path)));
  if (!parsed.success) throw new HoldpointError('RECORDER_AWAY', `recorder: reply ${firstIssue(parsed.error)}`);
  return parsed.data;
}

function mustBe<T>(found: T, asked: boolean): T {
  if (!asked) throw new HoldpointError('RECORDER_AWAY', 'recorder: its reply is about something else');
  return found;
}
