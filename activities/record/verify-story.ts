import { AdmittedAlert } from '../../contracts/alert.ts';
import type { PinnedKeys } from '../../contracts/config.ts';
import { HoldpointError } from '../../contracts/errors.ts';
import { Outcome } from '../../contracts/evidence.ts';
import type { LogRecord, RecordBody, RecordKind } from '../../contracts/record.ts';
import { appendersOf } from '../../contracts/recorder-api.ts';
import { openAttestation } from '../../policies/attestation.ts';
import { digestOf } from '../../policies/digest.ts';
import { openManifest, type Rules } from '../../policies/manifest.ts';
import { verifyPower } from '../../policies/release.ts';
import { openSigned } from '../../policies/signing.ts';
import { statementHash, verifyStatement } from '../../policies/statement.ts';
import { admit } from './admission.ts';
import { mayAppend } from './append-rules.ts';
import type { Blobs } from './blobs.ts';
import { checkBody } from './body-checks.ts';
import { tripOfAdmission } from './breaker.ts';
import { evidenceFor } from './signed-evidence.ts';
import { isOfRun, type LogState } from './state.ts';
import { checkStanding } from './verify-standing.ts';
import { parseJson } from './wire.ts';

type Of<K extends RecordKind> = Extract<RecordBody, { kind: K }>;

export type StoryContext = {
  readonly keys: PinnedKeys;
  readonly blobs: Pick<Blobs, 'get' | 'has'>;
  /** The fold of all records before the one at hand. */
  readonly state: LogState;
  /** Manifests opened so far, by digest; `checkRecord` adds to them. */
  readonly rules: Map<string, Rules>;
};

/**
 * Checks one record against everything before it, as the recorder had to: who may say such a thing, every signature and
 * proof in it, and for an intent the whole admission again. Throws the code and words of the first thing that is wrong.
 */
export async function checkRecord(context: StoryContext, record: LogRecord): Promise<void> {
  const { body, by, at } = record;
  if (!mayBeBy(body.kind, by)) throw wrong(`\`${by}\` cannot have appended a \`${body.kind}\``);
  if (isOfRun(body) && body.kind !== 'outcome' && context.state.runs.isSealed(body.workflowId, body.runId))
    throw wrong('comes after the seal of its run');
  await checkBody({ ...context, rulesOf: (digest) => rulesOf(context, digest) }, body, by);
  await checkOwn(context, body, by, Date.parse(at));
}

const wrong = (message: string): HoldpointError => new HoldpointError('RECORD_DAMAGED', message);

/** The recorder appends what no other may, and pages; an executor's outcome comes by a door of its own. */
function mayBeBy(kind: RecordKind, by: string): boolean {
  if (by === 'recorder') return appendersOf[kind] === undefined || kind === 'page';
  return kind === 'outcome' ? by.startsWith('executor.') : mayAppend(kind, by);
}

async function checkOwn(context: StoryContext, body: RecordBody, by: string, at: number): Promise<void> {
  switch (body.kind) {
    case 'manifest':
      return checkManifest(context, body, at);
    case 'statement':
      return checkStatement(context, body, at);
    case 'resume':
      return checkResume(context, body, at);
    case 'standing':
      return checkStanding(
        { state: context.state, newest: newestOf(context), known: [...context.rules.values()], at },
        body,
      );
    case 'attestation':
      return checkAttestation(context, body);
    case 'intent':
      return checkIntent(context, body);
    case 'outcome':
      return checkOutcome(context, body, by);
    case 'seal':
      return checkSeal(context, body);
    default:
      return;
  }
}

function rulesOf({ rules }: StoryContext, digest: string): Rules {
  const found = rules.get(digest);
  if (found === undefined) throw wrong(`names manifest \`${digest}\`, which no record before it holds`);
  return found;
}

/** The newest rules that the log had seen; the recorder knew no newer. */
function newestOf({ rules }: StoryContext): Rules {
  const newest = [...rules.values()].sort((a, b) => b.version - a.version)[0];
  if (newest === undefined) throw wrong('comes before any manifest');
  return newest;
}

/** Opened as of its own time: a manifest that has expired since was good then. */
async function checkManifest({ keys, blobs, rules }: StoryContext, body: Of<'manifest'>, at: number): Promise<void> {
  const raw = parseJson(await blobs.get(body.file));
  const opened = openManifest({ raw, keys, mode: 'development', now: at });
  const runbooks = [...opened.runbooks.values()].map(({ id, digest }) => ({ id, digest }));
  const { digest, version, mode } = opened;
  if (digestOf({ manifest: digest, version, mode, runbooks }) !== digestOf(shownBy(body)))
    throw wrong('does not describe its manifest file');
  rules.set(digest, opened);
}

const shownBy = ({ manifest, version, mode, runbooks }: Of<'manifest'>) => ({ manifest, version, mode, runbooks });

/** A person's proof, under the rules of the action's time or the newest of that moment. */
async function checkStatement(
  context: StoryContext,
  { statement: signed, hash }: Of<'statement'>,
  at: number,
): Promise<void> {
  const { statement } = signed;
  if (statementHash(statement) !== hash) throw wrong('`hash` is that of another statement');
  if (statement.subject.type !== 'action') throw wrong('expected a statement over an action');
  const card = context.state.cards.get(statement.subject.digest);
  if (card === undefined) throw wrong('is over a digest that has no card before it');
  // A rejection counts whatever its clock said; an approval's times are checked with the intent that it releases.
  const now = statement.verdict === 'reject' ? Number.POSITIVE_INFINITY : at;
  const editions = [rulesOf(context, card.body.card.action.manifest), newestOf(context)];
  const faults = editions.map((rules) => faultOf(() => verifyStatement({ raw: signed, rules, now })));
  if (faults.every((fault) => fault !== null)) throw faults[0];
}

function faultOf(check: () => unknown): unknown {
  try {
    check();
    return null;
  } catch (error) {
    return error;
  }
}

function checkResume(context: StoryContext, { statements: raw }: Of<'resume'>, at: number): void {
  const newest = newestOf(context);
  verifyPower({ raw, type: 'resume', rules: newest, newest, now: at });
}

function checkAttestation({ keys }: StoryContext, { attestation, hash, runbook }: Of<'attestation'>): void {
  const { payload } = openAttestation(attestation, keys);
  if (digestOf(attestation) !== hash || digestOf(payload.runbook) !== digestOf(runbook))
    throw wrong('does not describe its attestation');
}

/** Admits it once more, with the log as it stood and the time that it was issued. */
async function checkIntent(context: StoryContext, body: Of<'intent'>): Promise<void> {
  const { request, executor } = body;
  const raw = parseJson(await context.blobs.get(request.alertRef));
  const alert = openSigned('alert', AdmittedAlert, raw, context.keys, (signer) => signer === 'gateway');
  const rules = rulesOf(context, request.action.manifest);
  const now = Date.parse(body.issuedAt);
  const evidence = await evidenceFor(request, rules, context);
  const input = { ...context, request, executor, rules, newest: newestOf(context), alert, evidence, now };
  const admission = admit(input);
  if (tripOfAdmission(input) !== null) throw wrong('was admitted although it opens a breaker');
  const { attempt, fences, digest, startBefore } = body;
  const admitted = { attempt: admission.attempt, fences: admission.fences, digest: request.digest };
  const admittedUntil = new Date(admission.startBefore).toISOString();
  if (digestOf({ attempt, fences, digest, startBefore }) !== digestOf({ ...admitted, startBefore: admittedUntil }))
    throw wrong('is not what the log before it admits');
}

async function checkOutcome({ keys, state }: StoryContext, body: Of<'outcome'>, by: string): Promise<void> {
  const intent = state.intents.attempt(body.digest, body.attempt);
  if (intent === null) throw wrong('is of an attempt that was never admitted');
  if (body.outcome === null) {
    if (by !== 'recorder' || body.status !== 'unknown')
      throw wrong('expected a signed outcome, or *unknown* by the recorder');
    return;
  }
  const { payload } = openSigned('outcome', Outcome, body.outcome, keys, (signer) => signer === intent.body.executor);
  const signed = [payload.workflowId, payload.runId, payload.digest, payload.attempt, payload.status];
  if (digestOf(signed) !== digestOf([body.workflowId, body.runId, body.digest, body.attempt, body.status]))
    throw wrong('says another thing than its executor signed');
}

async function checkSeal({ state, blobs }: StoryContext, body: Of<'seal'>): Promise<void> {
  const run = state.runs.get(body.workflowId, body.runId);
  if (run === null) throw wrong('seals a run that has no record');
  if (run.records !== body.records)
    throw wrong(`counts ${body.records} records of its run, the log has ${run.records}`);
  const open = state.intents.ofRun(body.workflowId, body.runId).find(({ ends }) => ends.length === 0);
  if (open !== undefined) throw wrong(`seals a run while intent ${open.seq} has no outcome`);
  const history = parseJson(await blobs.get(body.history)) as { events?: unknown[] } | undefined;
  if (history?.events?.length !== body.historyEvents) throw wrong('its history has another number of events');
}
