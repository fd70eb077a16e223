import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { PaymentsScene } from '../../servers/payments/scene.ts';
import { startPaymentsScene } from '../../servers/payments/scene.ts';
import type { ProcessEnd } from '../../servers/supervisor.ts';
import type { ProcessName } from '../../servers/workspace.ts';
import { temporalWord } from '../connect/command-lines.ts';
import { createCleanup } from '../local/cleanup.ts';
import { consoleLink } from '../local/installation.ts';
import type { Io } from '../shell/io.ts';
import { Refusal, showError } from '../shell/refusal.ts';
import type { Emit } from './events.ts';
import type { Ending, Held } from './incident-story.ts';
import { tellStory } from './incident-story.ts';
import { lastLines } from './last-lines.ts';
import { releaseAsDemoApprover } from './release.ts';
import type { Stage } from './stage.ts';
import { openForBusiness, setStage } from './stage.ts';

export type DemoOptions = { readonly yes: boolean; readonly keep: boolean; readonly archive: string | null };

/** A process of ours that ended unasked, or Ctrl-C: whatever is being waited for will not come. */
class Cut extends Error {
  constructor(
    message: string,
    readonly process: ProcessName | null,
  ) {
    super(message);
  }
}

/**
 * The whole demo. True when the incident was resolved, the record verified and the table still there. Leaves nothing
 * running, also after a failure or Ctrl-C; only a failure leaves the folder, for its logs.
 */
export async function runDemo(io: Io, options: DemoOptions, emit: Emit): Promise<boolean> {
  const begun = Date.now();
  if (options.archive !== null) await mustBeEmpty(resolve(io.cwd, options.archive));
  const home = await mkdtemp(join(tmpdir(), 'holdpoint-demo-'));
  const archiveDir = options.archive === null ? join(home, 'archive') : resolve(io.cwd, options.archive);
  const cleanup = createCleanup();
  const stopping = new AbortController();
  const cut = (reason: Cut): void => stopping.abort(reason);
  void io.nextInterrupt().then((signal) => cut(new Cut(`stopped by ${signal}`, null)));
  const onExit = (name: ProcessName, end: ProcessEnd): void => {
    if (!end.expected) cut(new Cut(`${name} ended unasked (${end.signal ?? `status ${end.code}`})`, name));
  };
  let ending: Ending | null = null;
  try {
    const acts = playAct(io, { home, archiveDir, emit, cleanup, onExit }, options, stopping.signal);
    ending = await orCut(acts, stopping.signal);
    emitResult(emit, ending, begun, options.archive === null && !options.keep ? null : archiveDir);
    if (options.keep) await keepRunning(io, home, stopping.signal);
  } catch (error) {
    await tellFailure(emit, home, error);
    if (ending === null) emitResult(emit, null, begun, archiveDir);
  } finally {
    for (const failed of await cleanup.run()) io.err(`could not stop ${failed}`);
  }
  const ok = isGood(ending);
  if (ok) await rm(home, { recursive: true, force: true });
  return ok;
}

/** A log of somebody else's keys cannot be gone on with, and must not be mixed with ours. */
async function mustBeEmpty(dir: string): Promise<void> {
  const names = await readdir(dir).catch(() => []);
  if (names.length > 0)
    throw new Refusal(
      'BAD_INPUT',
      `--archive \`${dir}\`: expected a folder that is empty or not there yet`,
      'name another',
    );
}

type Act = Parameters<typeof setStage>[0];

async function playAct(io: Io, act: Act, options: DemoOptions, stopping: AbortSignal): Promise<Ending> {
  const stage = await setStage(act);
  stopping.throwIfAborted();
  const { emit, home, cleanup } = act;
  const { workspace, server } = stage.installation;
  emit({
    event: 'ready',
    home,
    archive: act.archiveDir,
    gatewayUrl: workspace.urls.gateway,
    console: consoleLink(workspace),
    temporal: server.address,
    temporalUi: server.uiUrl,
  });
  await openForBusiness(stage, emit);
  const scene: PaymentsScene = await startPaymentsScene(stage.place);
  cleanup.add('payments clients', () => scene.stop());
  const temporalCli = temporalWord(server.bin, io.env);
  return tellStory({ stage, scene, emit, stopping, temporalCli, onHeld: onHeld(io, stage, options) });
}

const onHeld =
  (io: Io, stage: Stage, { yes }: DemoOptions) =>
  async (held: Held): Promise<void> => {
    if (yes) await releaseAsDemoApprover(io, stage.home, stage.installation.temporal, held);
  };

/** Rejects as soon as the demo is cut short: what it waits for then is left to the cleanup. */
function orCut<T>(work: Promise<T>, stopping: AbortSignal): Promise<T> {
  const cut = new Promise<never>((_, reject) => {
    if (stopping.aborted) reject(stopping.reason);
    stopping.addEventListener('abort', () => reject(stopping.reason), { once: true });
  });
  return Promise.race([work, cut]).finally(() => {
    work.catch(() => undefined);
    cut.catch(() => undefined);
  });
}

async function keepRunning(io: Io, home: string, stopping: AbortSignal): Promise<void> {
  io.err(`left running: export HOLDPOINT_HOME=${home}`);
  io.err('Ctrl-C stops it');
  // The timer is what keeps the program open; the promise ends it.
  const timer = setInterval(() => undefined, 60_000);
  await new Promise<void>((done) => {
    if (stopping.aborted) done();
    stopping.addEventListener('abort', () => done(), { once: true });
  });
  clearInterval(timer);
  if (stopping.reason instanceof Cut && stopping.reason.process !== null) throw stopping.reason;
}

async function tellFailure(emit: Emit, home: string, error: unknown): Promise<void> {
  const process = error instanceof Cut ? error.process : null;
  const logs = join(home, 'logs');
  const { code, message } = showError(error);
  emit({
    event: 'failed',
    what: error instanceof Cut ? message : `${code}: ${message}`,
    process,
    lastLines: process === null ? [] : await lastLines(join(logs, `${process}.log`)),
    logs,
  });
}

const isGood = (ending: Ending | null): boolean => ending?.resolved === true && ending.verified && ending.tableWhole;

function emitResult(emit: Emit, ending: Ending | null, begun: number, archive: string | null): void {
  const { resolved, verified, tableWhole } = ending ?? { resolved: false, verified: false, tableWhole: false };
  const seconds = Math.round((Date.now() - begun) / 100) / 10;
  emit({ event: 'result', ok: isGood(ending), resolved, verified, tableWhole, seconds, archive });
}
