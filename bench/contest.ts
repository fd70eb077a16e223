import { availableParallelism, loadavg } from 'node:os';
import type { Bench, Result, Setting, Sides } from './bench.ts';
import { versionsOf } from './versions.ts';

const loadMax = 1;
const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));
const isTooBusy = (load: number): boolean => load > loadMax;

/** A result of time from a busy machine is not held against the floor: it says nothing. */
export const isBelowFloor = ({ timed }: Bench, { ratio, floor, load }: Result): boolean =>
  ratio < floor && !(timed && isTooBusy(load));

/** Runs the rounds, each with both sides, and answers the medians. Throws when a side did not do what it is measured for. */
export async function compete(bench: Bench, rounds: number, setting: Setting): Promise<Result> {
  const { say } = setting;
  const load = rounded((loadavg()[0] ?? 0) / availableParallelism(), 2);
  say(`load before the start: ${load} per core`);
  const sides = await bench.open(setting);
  const subject: number[] = [];
  const peer: number[] = [];
  if (bench.warmUp) await warmUp(sides, setting);
  for (let round = 1; round <= rounds; round++) {
    // Who begins changes each time: neither always comes after the other's garbage.
    const order = round % 2 === 1 ? (['subject', 'peer'] as const) : (['peer', 'subject'] as const);
    const seen = { subject: '', peer: '' };
    for (const side of order) {
      const { value, note } = await sides[side]();
      (side === 'subject' ? subject : peer).push(value);
      seen[side] = `${rounded(value, bench.digits ?? 1)} ${bench.unit}${note === '' ? '' : ` (${note})`}`;
    }
    say(`round ${round} of ${rounds}: subject ${seen.subject} · peer ${seen.peer}`);
  }
  for (const line of (await sides.aside?.()) ?? []) say(line);
  const medians = { subject: median(subject), peer: median(peer) };
  const ratio = rounded(medians.peer / medians.subject, 3);
  const result: Result = {
    name: bench.name,
    unit: bench.unit,
    subject: rounded(medians.subject, bench.digits ?? 1),
    peer: rounded(medians.peer, bench.digits ?? 1),
    peerName: bench.peerName,
    ratio,
    floor: bench.floor,
    rounds,
    load,
    versions: await versionsOf(sides.address),
  };
  say(verdictOn(bench, result));
  return result;
}

async function warmUp(sides: Sides, { say }: Setting): Promise<void> {
  const subject = await sides.subject();
  const peer = await sides.peer();
  say(`warm-up, not counted: subject ${rounded(subject.value, 1)} · peer ${rounded(peer.value, 1)}`);
}

function verdictOn(bench: Bench, result: Result): string {
  if (bench.timed && isTooBusy(result.load))
    return `the machine was too busy to trust this: load ${result.load} per core before the start, expected at most ${loadMax}`;
  return `ratio ${result.ratio}: ${isBelowFloor(bench, result) ? 'BELOW' : 'not below'} its floor of ${result.floor}`;
}

/** Throws `TypeError` for no values. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle];
  const lower = sorted.length % 2 === 1 ? upper : sorted[middle - 1];
  if (upper === undefined || lower === undefined) throw new TypeError('expected at least one value');
  return (upper + lower) / 2;
}
