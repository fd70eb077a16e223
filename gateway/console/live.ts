import type { ServerResponse } from 'node:http';
import { HoldpointError } from '../../contracts/errors.ts';

export type Listener = { readonly response: ServerResponse; readonly isWelcome: () => boolean };
export type Live = {
  /** Tells a listener each new version of a page until it goes, or is no longer welcome. Throws `RATE_LIMITED`. */
  listen(page: string, listener: Listener): void;
  /** Throws `RATE_LIMITED` when there is room for no more. */
  mustHaveRoom(): void;
  stop(): void;
};

const listenersMax = 200;
const pagesMax = 64;
type Feed = { readonly listeners: Set<Listener>; version: string | null; timer: NodeJS.Timeout | null };

/**
 * Looks at each page that somebody has open, once for all who do, and tells them that there is another version. What
 * changed is fetched as a whole page: one way to render, and nothing in this stream that could be markup.
 */
export function createLive(versionOf: (page: string) => Promise<string>, pollMs: number): Live {
  const feeds = new Map<string, Feed>();
  const count = (): number => [...feeds.values()].reduce((sum, { listeners }) => sum + listeners.size, 0);
  const full = (): HoldpointError => new HoldpointError('RATE_LIMITED', 'console: too many pages are open');
  let stopped = false;

  const look = async (page: string, feed: Feed): Promise<void> => {
    // A page that cannot be shown now has no new version: its readers keep what they have, and see that it is not live.
    const version = await versionOf(page).catch(() => null);
    for (const listener of [...feed.listeners]) {
      if (!listener.isWelcome()) listener.response.end();
      else listener.response.write(version === null ? ': no answer\n\n' : `data: ${version}\n\n`);
    }
    feed.version = version;
    if (feed.listeners.size === 0 || stopped) feeds.delete(page);
    else feed.timer = setTimeout(() => void look(page, feed), pollMs);
  };
  return {
    mustHaveRoom() {
      if (stopped || count() >= listenersMax) throw full();
    },
    listen(page, listener) {
      const known = feeds.get(page);
      if (known === undefined && feeds.size >= pagesMax) throw full();
      const feed = known ?? { listeners: new Set(), version: null, timer: null };
      feed.listeners.add(listener);
      listener.response.on('close', () => feed.listeners.delete(listener));
      if (feed.version !== null) listener.response.write(`data: ${feed.version}\n\n`);
      if (known !== undefined) return;
      feeds.set(page, feed);
      void look(page, feed);
    },
    stop() {
      stopped = true;
      for (const { listeners, timer } of feeds.values()) {
        if (timer !== null) clearTimeout(timer);
        for (const { response } of listeners) response.end();
      }
      feeds.clear();
    },
  };
}
