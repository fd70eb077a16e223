import { existsSync, readFileSync } from 'node:fs';
import { fastify } from 'fastify';
import type { Browser, Page as Tab } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { setHeaders } from '../../gateway/console/headers.ts';
import { documentOf } from '../../gateway/console/page.ts';
import { visible } from '../../policies/visible.ts';
import { faultsOf, startBrowser, valueIn, watchPolicy } from '../support/browser.ts';
import { describeWith } from '../support/skips.ts';
import { tricks } from '../system/support/hostile.ts';
import { files } from './console-under-test.ts';
import { pagesWith } from './hostile-pages.ts';

const run = 'globalThis.owned=1';
const payloads = [
  `<script>${run}</script>`,
  `"><img src=x onerror="${run}"><svg onload=${run}>`,
  `' autofocus onfocus='${run}' x='`,
  `</title></textarea></style></pre></code><iframe srcdoc="<script>parent.owned=1</script>">`,
  `javascript:${run}//"><a href="javascript:${run}">release it</a>`,
  `<form action=https://attacker.example><button formaction=javascript:${run}>Approve`,
  `<base href=https://attacker.example><meta http-equiv=refresh content="0;url=javascript:${run}">`,
  '\u{1D41A}pprove р\u0430ypal \uFF41dmin \u{E0041}\u{E0042} a\u0000b x\u2028y\u00A0z',
];
/** More of them, one JSON object with a `text` a line, where a file is named. */
const corpus = process.env.HOLDPOINT_CONSOLE_CORPUS ?? '';
const more = existsSync(corpus)
  ? readFileSync(corpus, 'utf8')
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { text: string }).text)
  : [];
const hostile = [...Object.values(tricks), ...payloads, ...more];
const names = Object.keys(pagesWith(''));
const visitor = { name: 'phone', role: 'on-call', csrf: 'c' } as const;
const hiddenCharacters = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029\u00A0\u{E0000}-\u{E007F}]/u;

describeWith('chromium', 'every page of the console', () => {
  let browser: Browser;
  let tab: Tab;
  let stopped: () => Promise<unknown>;
  let at = '';
  let text = '';
  const server = fastify();
  beforeAll(async () => {
    for (const { path, type, text: body } of Object.values(files))
      server.get(path, (_, reply) => reply.type(type).send(body));
    server.get<{ Params: { name: string } }>('/page/:name', (request, reply) => {
      setHeaders(reply, at);
      const page = pagesWith(text)[request.params.name];
      const shell = {
        mode: 'development',
        visitor,
        stopped: { name: 'fence/all', state: 'stopped', how: 'the fence was cancelled' },
        path: '/',
        version: '1',
      } as const;
      const of = { style: files.style.path, script: files.script.path };
      return reply.type('text/html').send(page === undefined ? '' : documentOf(page, { ...shell, files: of }));
    });
    at = await server.listen({ host: '127.0.0.1', port: 0 });
    browser = await startBrowser();
    tab = await browser.newPage({ viewport: { width: 1_280, height: 900 } });
    stopped = await watchPolicy(tab);
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await server.close();
  });
  const open = (name: string, as: string): Promise<unknown> => {
    text = as;
    return tab.goto(`${at}/page/${name}`);
  };

  const staysText = async (name: string, one: string): Promise<void> => {
    await open(name, one);
    expect(await valueIn(tab, 'globalThis.owned')).toBeUndefined();
    expect(await stopped()).toEqual([]);
    expect(await tab.locator('main :is(script, iframe, img, svg, base, meta, form, object)').count()).toBe(0);
    const links = (await valueIn(tab, 'Array.from(document.links, ({ href }) => href)')) as string[];
    expect(links.filter((link) => !link.startsWith(at))).toEqual([]);
    const shown = String(await valueIn(tab, "document.body.textContent.replaceAll('\\n', '')"));
    expect(hiddenCharacters.exec(shown)).toBeNull();
    // Marks stand between the letters, so what is said beside a word is left out of the comparison.
    const plain = shown.replaceAll(/ \([A-Za-z+ -]+ letters\)/g, '');
    // The list of records has no text from outside but ids.
    if (name !== 'record') expect(plain).toContain(visible(one.slice(0, 16), 500).slice(0, 12));
  };

  it.each(names)(
    'runs nothing and hides nothing of what stands in %s',
    async (name) => {
      for (const one of hostile) await staysText(name, one);
    },
    // Longer with a whole corpus.
    30_000 + hostile.length * 500,
  );

  it('marks what is disguised, in words', async () => {
    await open('incidents', 'р\u0430yp\u0430l\u202Etxet');
    expect(await tab.locator('mark.hidden').first().textContent()).toBe('\\u{202E}');
    await open('incidents', 'p\u0430ypal');
    expect(await tab.locator('mark.mixed').first().textContent()).toContain('(Latin + Cyrillic letters)');
  });

  const looks = [
    ['light', 1_280],
    ['dark', 1_280],
    ['light', 360],
  ] as const;

  it.each(names)('has nothing that axe-core finds wrong in %s, in light, in dark and on a phone', async (name) => {
    for (const [colorScheme, width] of looks) {
      await tab.emulateMedia({ colorScheme });
      await tab.setViewportSize({ width, height: 800 });
      await open(name, 'p\u0430yments wait for session 42 \u202E');
      expect(await faultsOf(tab)).toEqual([]);
      expect(Number(await valueIn(tab, 'document.documentElement.scrollWidth'))).toBeLessThanOrEqual(width);
    }
  });

  it('stops everything from the keyboard alone, and says what is stopped in words', async () => {
    await tab.setViewportSize({ width: 1_280, height: 800 });
    await open('hold', 'text');
    for (let presses = 0; presses < 20; presses++) {
      await tab.keyboard.press('Tab');
      if ((await valueIn(tab, 'document.activeElement.textContent')) === 'Stop everything') break;
    }
    expect(await valueIn(tab, 'document.activeElement.form.action')).toBe(`${at}/console/kill`);
    expect(await tab.locator('#stopped .state').textContent()).toBe('STOPPED');
    expect(await tab.locator('.mode').textContent()).toContain('Development mode');
  });
});
