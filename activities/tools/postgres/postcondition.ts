import { setTimeout as sleep } from 'node:timers/promises';
import type { Aim, LookContext, Postcondition } from '../implement.ts';
import { type Session, withSession } from './session.ts';
import type { Target } from './targets.ts';

const everyMs = 100;
const sql = `SELECT (a.backend_start IS NOT NULL)::text AS seen, coalesce(a.backend_start::text = $2, false)::text AS same,
    (a.state = 'active' AND coalesce(a.xact_start::text, 'null') = $3 AND ($4 = '' OR a.state_change::text = $4))::text
      AS running
  FROM pg_stat_activity a WHERE a.pid = $1::int`;

/**
 * Whether what the write is for holds: after a terminate the session is gone, after a cancel the same statement no longer
 * runs. It does not say who did it. Waits for it at most `waitMsMax`. Throws when the target cannot be read.
 */
export async function awaitPostcondition(
  target: Target,
  verb: 'terminate' | 'cancel',
  aim: Aim,
  { waitMsMax, signal, credential }: LookContext & { readonly waitMsMax: number },
): Promise<Postcondition> {
  return withSession(
    target.login('monitor', await credential()),
    { signal, doing: 'postcondition' },
    async (session) => {
      const end = performance.now() + waitMsMax;
      for (;;) {
        const found = await look(session, verb, aim);
        if (found.held || performance.now() + everyMs > end) return found;
        await sleep(everyMs, undefined, { signal });
      }
    },
  );
}

async function look(session: Session, verb: 'terminate' | 'cancel', aim: Aim): Promise<Postcondition> {
  const { pid = '', backendStart = '', xactStart = '', stateChange = '' } = aim.preconditions;
  const [row] = await session.rows(sql, [pid, backendStart, xactStart, stateChange]);
  if (row === undefined) return { held: true, detail: 'the session is gone' };
  if (row.seen !== 'true') return { held: false, detail: 'the role may not see the session, so nobody can tell' };
  if (row.same !== 'true') return { held: true, detail: 'the session is gone; another one has its pid' };
  if (verb === 'terminate') return { held: false, detail: 'the session is still there' };
  return row.running === 'true'
    ? { held: false, detail: 'the same statement still runs' }
    : { held: true, detail: 'the session is there; the statement no longer runs' };
}
