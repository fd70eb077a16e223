import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import type { Browser, Page as Tab } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { PendingHold } from '../../contracts/incident.ts';
import { rejectSignal } from '../../workflows/messages.ts';
import { faultsOf, startBrowser, watchPolicy } from '../support/browser.ts';
import { describeWith } from '../support/skips.ts';
import { raise, statementOn, untilHeld } from './support/incident.ts';
import { runbookWith } from './support/runbook-text.ts';
import { type Stuck, startStuck } from './support/stuck.ts';
import { eventually, type System, startSystem } from './support/system.ts';

const shots = process.env.HOLDPOINT_SHOTS ?? join(tmpdir(), 'holdpoint-console');

describeWith(['temporal', 'postgres', 'chromium'], 'the console of a whole installation, in a browser', () => {
  let system: System;
  let stuck: Stuck;
  let browser: Browser;
  let tab: Tab;
  let stopped: () => Promise<unknown>;
  let incident: WorkflowHandle;
  let hold: PendingHold;
  const address = (path: string) => `${system.workspace.urls.gateway}/console/${path}`;
  const text = async (where = 'main') => (await tab.locator(where).first().textContent()) ?? '';
  beforeAll(async () => {
    mkdirSync(shots, { recursive: true });
    system = await startSystem({ runbook: runbookWith({ settleMsMax: 500 }) });
    stuck = await startStuck(system.payments);
    incident = await raise(system);
    browser = await startBrowser();
    tab = await browser.newPage({ viewport: { width: 1_120, height: 800 } });
    stopped = await watchPolicy(tab);
    hold = await untilHeld(incident);
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    await stuck?.stop();
    await system?.stop();
  });
  const shot = (name: string) => tab.screenshot({ path: join(shots, `console-${name}.png`), fullPage: true });
  const sound = async () => {
    expect(await faultsOf(tab)).toEqual([]);
    expect(await stopped()).toEqual([]);
  };

  it('signs one browser in by the link, and shows what waits', async () => {
    await tab.goto(address(`sign-in?once=${system.workspace.signIn.once}`));
    await tab.waitForURL(address('incidents'));
    const [cookie] = await tab.context().cookies();
    expect(cookie).toMatchObject({ name: 'holdpoint', secure: true, httpOnly: true, sameSite: 'Strict' });
    await eventually('the incident', async () => (await tab.reload()) && (await text()).includes('1 call waits'));
    await sound();
  });

  it('shows the incident by the record: evidence, proposals, verdicts', async () => {
    await tab.goto(address(`incident?id=${encodeURIComponent(incident.workflowId)}`));
    for (const id of ['timeline', 'evidence', 'proposals', 'verdicts'])
      expect(await tab.locator(`#${id}`).count()).toBe(1);
    expect(await tab.locator('.card.held a').count()).toBe(1);
    await sound();
    await shot('incident');
    await tab.locator('section[aria-labelledby=evidence] td a').nth(1).click();
    expect(await text('h1')).toContain('Evidence: postgres.');
    await sound();
  });

  it('shows the hold with the exact call and the lines that release it, and no other way', async () => {
    await tab.goto(address(`hold?incident=${encodeURIComponent(incident.workflowId)}&digest=${hold.digest}`));
    const shown = await text();
    for (const part of ['HELD', hold.does, hold.digest, hold.cardDigest, 'left', 'cannot be undone'])
      expect(shown).toContain(part);
    expect(await tab.locator('main form').count()).toBe(0);
    expect(await tab.locator('.command').allTextContents()).toEqual([
      expect.stringContaining(`holdpoint approve ${incident.workflowId} ${hold.digest}`),
      expect.stringContaining('temporal workflow signal'),
      expect.stringContaining(`holdpoint reject ${incident.workflowId} ${hold.digest}`),
    ]);
    await sound();
    await shot('hold');
  });

  it('takes the lines away from a page that is open when the hold is decided elsewhere', async () => {
    await incident.signal(rejectSignal, await statementOn(system, hold, { verdict: 'reject' }));
    await tab.waitForSelector('#changed:not([hidden])', { timeout: 20_000 });
    expect(await tab.locator('.command').count()).toBe(0);
    await tab.reload();
    expect(await text('#decide + *')).toContain('No command is shown');
  });

  it('shows where runbooks stand and what the record ends with', async () => {
    await tab.goto(address('runbooks'));
    for (const part of ['ring 2', 'Dry run', 'Breaker', `fence/runbook/${system.runbookId}`])
      expect(await text()).toContain(part);
    await sound();
    await tab.goto(address('record'));
    const recorder = system.recorderAs('gateway');
    await eventually(
      'the head',
      async () => (await tab.reload()) && (await text()).includes((await recorder.head()).hash),
    );
    await sound();
  });

  it('stops everything by one press, and ends with the receipt of the record', async () => {
    await tab.goto(address('incidents'));
    await tab.getByRole('button', { name: 'Stop everything' }).click();
    await tab.waitForURL(/\/console\/kill\?id=/);
    await tab.waitForSelector('text=From here no new effect begins');
    await eventually('the record of it', async () => /In the record#\d+/.test(await text('.receipt')), 20_000);
    expect(await text('.receipt')).toContain('Effects begun after0');
    await eventually('its end', async () => /closed in \d+ ms/.test(await text()), 30_000);
    expect((await system.records('kill')).map(({ scope }) => scope)).toContain('fence/all');
    expect(await text('#stopped')).toContain('STOPPED');
    expect(stuck.endedBy()).toBeNull();
    await sound();
    await shot('kill');
    expect(['incident', 'hold', 'kill'].every((name) => existsSync(join(shots, `console-${name}.png`)))).toBe(true);
  }, 90_000);
});
