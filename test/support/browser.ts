import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import { serverOf } from './skips.ts';

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A browser of its own for one suite. It is asked for nothing but loopback. */
export const startBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: serverOf('chromium'), headless: true, args: flags });

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
type Found = {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly html: string }[];
};

/** What axe-core finds wrong with a page as it stands, by rule. Injected over the debugger, which the page's policy does not bind. */
export async function faultsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const violations = await page.evaluate(async () => {
    const { axe: run } = globalThis as unknown as { axe: { run(): Promise<{ violations: Found[] }> } };
    return (await run.run()).violations;
  });
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`);
}

/** Everything that the page's policy had to stop, which for our own pages is nothing. */
export async function watchPolicy(page: Page): Promise<() => Promise<string[]>> {
  await page.addInitScript(`globalThis.stopped = []; document.addEventListener('securitypolicyviolation',
    (event) => stopped.push(event.effectiveDirective + ' ' + event.blockedURI))`);
  return () => page.evaluate(() => (globalThis as unknown as { stopped: string[] }).stopped);
}
