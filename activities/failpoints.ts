import { closeSync, fsyncSync, openSync } from 'node:fs';
import { HoldpointError } from '../contracts/errors.ts';

/** Called at named places of a process; does nothing unless a crash test asked for a death exactly there. */
export type Failpoint = (name: string) => void;

const signals = { kill: 'SIGKILL', stop: 'SIGSTOP' } as const;
type Plan = { readonly signal: (typeof signals)[keyof typeof signals]; readonly marker: string };

function parseEntry(entry: string): [string, Plan] {
  const match = /^([a-z0-9][a-z0-9.-]{0,63})=(kill|stop)@(\/[^,]+)$/.exec(entry);
  if (match === null) {
    throw new HoldpointError('BAD_INPUT', `failpoints: expected \`name=kill@/marker\`, got \`${entry.slice(0, 120)}\``);
  }
  const [, name = '', kind, marker = ''] = match;
  return [name, { signal: signals[kind === 'kill' ? 'kill' : 'stop'], marker }];
}

/** False when the marker is there already: the death happened in an earlier life of this process. */
function claim(marker: string): boolean {
  try {
    const fd = openSync(marker, 'wx', 0o600);
    fsyncSync(fd);
    closeSync(fd);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Failpoints from a spec like `receipt.before=kill@/marker,effect.after=stop@/marker2`. The first time a named place is
 * reached its marker file is made and the process SIGKILLs (or SIGSTOPs) itself; with the marker there, nothing happens.
 * A real signal is the point: a thrown error would run the handlers that a crash never runs. Throws `BAD_INPUT`.
 */
export function createFailpoints(spec: string | undefined): Failpoint {
  if (spec === undefined || spec === '') return () => {};
  const plans = new Map(spec.split(',').map(parseEntry));
  return (name) => {
    const plan = plans.get(name);
    if (plan !== undefined && claim(plan.marker)) process.kill(process.pid, plan.signal);
  };
}
