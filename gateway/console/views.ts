import type { ConsoleConfig } from '../../contracts/config.ts';
import { HoldpointError } from '../../contracts/errors.ts';
import { sha256Hex } from '../../policies/digest.ts';
import { root } from './hrefs.ts';
import type { Kills } from './kills.ts';
import type { Page } from './page.ts';
import { loadEvidence, showEvidence } from './pages/evidence.ts';
import { loadHold } from './pages/hold.ts';
import { loadIncident, showIncident } from './pages/incident.ts';
import { loadIncidents, showIncidents } from './pages/incidents.ts';
import { loadKill, showKill, showKills } from './pages/kills.ts';
import { loadRecord, newsOfRecord, showRecord } from './pages/record.ts';
import { loadRunbooks, newsOf, showRunbooks } from './pages/runbooks.ts';
import { showHold } from './pages/show-hold.ts';
import type { Reads } from './reads.ts';
import type { ScopeView } from './stops.ts';
import { readScope } from './stops.ts';

export type ViewDeps = {
  readonly reads: Reads;
  readonly kills: Kills;
  readonly config: ConsoleConfig;
  readonly clock: () => number;
};
export type View = { readonly page: Page; readonly stopped: ScopeView; readonly version: string };

/** A page and what it is made of: `news` is what makes another version of it. */
type Shown = { readonly page: Page; readonly news: unknown };

/** What stands at an address of the console. Throws `NOT_FOUND`, or what keeps a page from being shown at all. */
export async function viewOf(deps: ViewDeps, address: string): Promise<View> {
  const url = new URL(address, 'http://console.invalid');
  const [{ page, news }, stopped] = await Promise.all([show(deps, url), readScope(deps.reads, { kind: 'all' })]);
  const version = sha256Hex(JSON.stringify([news, page.guard ?? null, stopped])).slice(0, 32);
  return { page, stopped, version };
}

async function show(deps: ViewDeps, { pathname, searchParams }: URL): Promise<Shown> {
  const { reads, kills, config, clock } = deps;
  const named = (name: string): string => (searchParams.get(name) ?? '').slice(0, 300);
  switch (pathname.slice(root.length)) {
    case '/incidents': {
      const news = await loadIncidents(reads, searchParams.has('all'));
      return { page: showIncidents(news, clock()), news };
    }
    case '/incident': {
      const news = await loadIncident(reads, named('id'));
      return { page: showIncident(news), news };
    }
    case '/hold': {
      const news = await loadHold(reads, named('incident'), named('digest'));
      return { page: showHold(news, clock(), config), news };
    }
    case '/evidence': {
      const news = await loadEvidence(reads, named('incident'), named('hash'));
      return { page: showEvidence(news), news };
    }
    case '/runbooks': {
      const runbooks = await loadRunbooks(reads);
      return { page: showRunbooks(runbooks, clock()), news: newsOf(runbooks) };
    }
    case '/record': {
      const slices = await loadRecord(reads, numberIn(searchParams.get('from')));
      return { page: showRecord(slices), news: newsOfRecord(slices) };
    }
    case '/kills': {
      const news = kills.all();
      return { page: showKills(news), news };
    }
    case '/kill': {
      const news = await loadKill(kills, named('id'));
      return { page: showKill(news), news };
    }
    default:
      throw new HoldpointError('NOT_FOUND', 'the console has no such page');
  }
}

const numberIn = (text: string | null): number | null =>
  text !== null && /^[0-9]{1,12}$/.test(text) ? Number(text) : null;
