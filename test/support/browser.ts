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
  readonly nodes: readonly { readonly html: string }[];
};

type Said = { readonly result: { readonly value?: unknown }; readonly exceptionDetails?: { readonly text: string } };

/** The value of an expression in the page, asked over the debugger: the page's own policy, which forbids `eval`, does not bind that. */
export async function valueIn(page: Page, expression: string): Promise<unknown> {
  const debug = await page.context().newCDPSession(page);
  const asked = { expression, awaitPromise: true, returnByValue: true };
  const { result, exceptionDetails }: Said = await debug.send('Runtime.evaluate', asked);
  await debug.detach();
  if (exceptionDetails !== undefined) throw new Error(`the page says: ${exceptionDetails.text}`);
  return result.value;
}

/** What axe-core finds wrong with a page as it stands, by rule. */
export async function faultsOf(page: Page): Promise<string[]> {
  await valueIn(page, `${axe}; 0`);
  const found = (await valueIn(page, 'axe.run().then(({ violations }) => violations)')) as Found[];
  return found.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`);
}

/** Everything that the page's policy had to stop, which for our own pages is nothing. */
export async function watchPolicy(page: Page): Promise<() => Promise<unknown>> {
  await page.addInitScript(`globalThis.stopped = []; document.addEventListener('securitypolicyviolation',
    (event) => stopped.push(event.effectiveDirective + ' ' + event.blockedURI))`);
  return () => valueIn(page, 'stopped');
}
