import { setTimeout as sleep } from 'node:timers/promises';
import type { PendingHold, StateView, TimelineEntry } from '../contracts/incident.ts';
import { timeLeft } from '../gateway/shown/hold-words.ts';
import { visible, whyLines } from '../policies/visible.ts';
import { releaseCommands } from './connect/command-lines.ts';
import { askPending, askState, askTimeline } from './connect/incident.ts';
import type { Temporal } from './connect/temporal.ts';
import { withTemporal } from './connect/temporal.ts';
import type { Register } from './shell/command.ts';
import { run, subcommand } from './shell/command.ts';
import type { Io } from './shell/io.ts';
import { exitDone } from './shell/refusal.ts';

type Incident = { readonly state: StateView; readonly timeline: TimelineEntry[]; readonly pending: PendingHold[] };
const watchMs = 1_000;

/** `holdpoint show`: one incident as it stands, or live with `--watch` until it closes. */
export const showCommand: Register = (parent, context) => {
  subcommand(parent, 'show', 'show one incident: state, timeline, holds that wait', [
    'holdpoint show incident/alertmanager/3f…',
    'holdpoint show incident/alertmanager/3f… --watch',
  ])
    .argument('<workflow-id>', 'the incident')
    .option('--watch', 'print what changes until the incident closes')
    .action(
      run(context, async (workflowId: string, options: { watch?: boolean; json?: boolean }) => {
        await withTemporal(context.io, (temporal) => show(context.io, temporal, workflowId, options));
        return exitDone;
      }),
    );
};

async function show(
  io: Io,
  temporal: Temporal,
  workflowId: string,
  options: { readonly watch?: boolean; readonly json?: boolean },
): Promise<void> {
  let before: Incident | null = null;
  for (;;) {
    const now = await readIncident(temporal, workflowId);
    if (JSON.stringify(now) !== JSON.stringify(before)) {
      if (options.json === true) io.out(JSON.stringify({ workflowId, ...now }));
      else for (const line of render(io, workflowId, now, before)) io.out(line);
    }
    if (options.watch !== true || now.state.state === 'closed') return;
    before = now;
    await sleep(watchMs);
  }
}

async function readIncident(temporal: Temporal, workflowId: string): Promise<Incident> {
  const [state, timeline, pending] = await Promise.all([
    askState(temporal, workflowId),
    askTimeline(temporal, workflowId),
    askPending(temporal, workflowId),
  ]);
  return { state, timeline, pending };
}

/** Everything at first; afterwards only what is new. */
function render(io: Io, workflowId: string, now: Incident, before: Incident | null): string[] {
  const { state } = now;
  const head = `${io.paint.bold(workflowId)}  ${state.state}${state.outcome === null ? '' : `: ${state.outcome}`}  ${visible(state.runbook ?? 'no runbook', 100)}`;
  const entries = now.timeline.slice(before?.timeline.length ?? 0);
  const known = new Set(before?.pending.map(({ digest }) => digest));
  const holds = now.pending.filter(({ digest }) => !known.has(digest));
  return [
    ...(before === null || before.state.state !== state.state ? [head] : []),
    ...entries.map(
      ({ at, what, detail }) => `  ${at.slice(11, 19)}  ${visible(what, 80).padEnd(20)} ${visible(detail, 300)}`,
    ),
    ...holds.flatMap((hold) => renderHold(io, workflowId, hold)),
  ];
}

function renderHold(io: Io, workflowId: string, hold: PendingHold): string[] {
  const shown = (text: string): string => visible(text, 300);
  return [
    `  ${io.paint.yellow('waits')}  ${hold.tool} (${hold.risk}): ${shown(hold.does)}`,
    `    to       ${shown(hold.target)}`,
    ...whyLines(hold.why).map((line) => `    why      ${shown(line)} ${io.paint.dim("(the model's own words)")}`),
    ...hold.blastRadius.map((line) => `    reaches  ${shown(line)}`),
    ...(hold.findings ?? []).map((line) => `    noticed  ${shown(line)}`),
    `    undo     ${shown(hold.inverse)}`,
    `    expires  ${hold.expiresAt} (${timeLeft(hold.expiresAt, Date.now())})`,
    `    release  ${hold.approvedBy.length} of ${hold.quorum} by ${shown(hold.groups.join(', '))}${hold.approvedBy.length === 0 ? '' : `: ${shown(hold.approvedBy.join(', '))}`}`,
    ...(hold.lastRefusal === null ? [] : [`    refused  ${hold.refusedSignals}, last: ${shown(hold.lastRefusal)}`]),
    ...releaseCommands(io, workflowId, hold.digest).map((line) => `    $ ${line}`),
  ];
}
