import { createHash, randomBytes } from 'node:crypto';
import type { ConsoleRole, ConsoleSecrets } from '../../contracts/config.ts';
import { HoldpointError } from '../../contracts/errors.ts';
import { sameSecret } from '../webhooks/secrets.ts';

/** Somebody who signed in. What they may do is their token's role; `csrf` is known to pages that we made for them alone. */
export type Visitor = { readonly name: string; readonly role: ConsoleRole; readonly csrf: string };
export type Sessions = {
  /** The visitor of a token, signed in; null for a token that is none. */
  enter(token: string): { readonly cookie: string; readonly visitor: Visitor } | null;
  /** The visitor that a `Cookie` header is of, while the session lasts. */
  of(cookieHeader: string | undefined): Visitor | null;
  /** Ends a session, and answers the cookie that makes its browser forget it. */
  leave(cookieHeader: string | undefined): string;
};

/** The prefix makes a browser take it only as ours alone, over HTTPS. On loopback without TLS no browser takes it so. */
const nameFor = (origin: string): string => (origin.startsWith('https:') ? '__Host-holdpoint' : 'holdpoint');
const sessionMsMax = 12 * 3_600_000;
const sessionsMax = 512;
const attributes = 'Path=/; Secure; HttpOnly; SameSite=Strict';

const random = (): string => randomBytes(32).toString('base64url');
// What is kept is a hash, so a look-up takes no time that depends on how much of an id was guessed right.
const keyOf = (id: string): string => createHash('sha256').update(id, 'utf8').digest('hex');

/** Who sits at this machine, when it is a development installation that printed the link. */
const developer = { name: 'development', role: 'on-call' } as const;

/**
 * Sessions in memory: they end with the process, so a token that was taken away opens nothing after the restart that took
 * it. Throws `BAD_INPUT` for a sign-in link in production.
 */
export function createSessions(
  secrets: ConsoleSecrets,
  { mode, origin }: { readonly mode: 'development' | 'production'; readonly origin: string },
  clock: () => number,
): Sessions {
  if (mode === 'production' && secrets.once !== undefined)
    throw new HoldpointError('BAD_INPUT', 'console: `once` is for development alone');
  const cookieName = nameFor(origin);
  const open = new Map<string, { readonly visitor: Visitor; readonly until: number }>();
  let once = secrets.once ?? null;

  const whose = (token: string): Pick<Visitor, 'name' | 'role'> | null => {
    // Every token is compared, whichever it is: the time says nothing about where a match stood.
    const matches = secrets.tokens.filter((known) => sameSecret(token, known.token));
    if (once === null || !sameSecret(token, once)) return matches[0] ?? null;
    once = null;
    return developer;
  };
  return {
    enter(token) {
      const known = whose(token);
      if (known === null) return null;
      for (const [key, { until }] of open) if (until <= clock()) open.delete(key);
      const oldest = open.size >= sessionsMax ? open.keys().next().value : undefined;
      if (oldest !== undefined) open.delete(oldest);
      const id = random();
      const visitor = { name: known.name, role: known.role, csrf: random() };
      open.set(keyOf(id), { visitor, until: clock() + sessionMsMax });
      return { cookie: `${cookieName}=${id}; Max-Age=${sessionMsMax / 1_000}; ${attributes}`, visitor };
    },
    of(header) {
      const session = open.get(keyOf(idIn(header, cookieName) ?? ''));
      return session !== undefined && clock() < session.until ? session.visitor : null;
    },
    leave(header) {
      open.delete(keyOf(idIn(header, cookieName) ?? ''));
      return `${cookieName}=; Max-Age=0; ${attributes}`;
    },
  };
}

function idIn(header: string | undefined, cookieName: string): string | null {
  const found = (header ?? '')
    .slice(0, 4_096)
    .split(/; */)
    .filter((pair) => pair.startsWith(`${cookieName}=`));
  // Two of them: somebody planted one, and which is ours cannot be told.
  return found.length === 1 ? (found[0]?.slice(cookieName.length + 1) ?? null) : null;
}
