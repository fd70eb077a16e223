import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fenceId, fenceQueue, fenceWorkflowType } from '../../contracts/queues.ts';
import { ownPage } from '../../gateway/console/guard.ts';
import { parseScope } from '../../gateway/console/kills.ts';
import { createSessions } from '../../gateway/console/sessions.ts';
import { refusalOf } from '../policies/support/codes.ts';
import { describeWith } from '../support/skips.ts';
import { freshNamespace, sharedTemporal } from '../support/temporal.ts';
import { ask, consoleUnderTest, onCall, once, postForm, signIn, viewer } from './console-under-test.ts';
import { eventually } from './kill-under-test.ts';

const pages = [
  'incidents',
  'incident?id=incident/a/b',
  'hold',
  'evidence',
  'runbooks',
  'record',
  'kills',
  'kill',
  'live',
];
const all = fenceId({ kind: 'all' });

describeWith('temporal', 'the doors of the console', () => {
  let under: Awaited<ReturnType<typeof consoleUnderTest>>;
  let at: { readonly address: string; readonly namespace: string };
  beforeAll(async () => {
    at = { address: sharedTemporal().address, namespace: await freshNamespace() };
    under = await consoleUnderTest(at);
  }, 120_000);
  afterAll(() => under?.stop());
  const raise = () =>
    under.client.workflow.start(fenceWorkflowType, {
      workflowId: all,
      taskQueue: fenceQueue,
      workflowIdConflictPolicy: 'TERMINATE_EXISTING',
    });
  const isStopped = async () => {
    const { events = [] } = await under.client.workflow.getHandle(all).fetchHistory();
    return (events ?? []).some((event) => event.workflowExecutionCancelRequestedEventAttributes);
  };

  it('are not there where nobody is configured who may see it', async () => {
    const closed = await consoleUnderTest({ ...at, secrets: null });
    for (const page of [...pages, 'sign-in']) expect((await ask(closed.origin, `/console/${page}`)).status).toBe(404);
    await closed.stop();
  });

  it('show no page to whoever has not signed in', async () => {
    for (const page of pages) {
      for (const cookie of ['', 'holdpoint=', 'holdpoint=guess']) {
        const { status, headers, text } = await ask(under.origin, `/console/${page}`, { headers: { cookie } });
        expect([303, 401]).toContain(status);
        if (status === 303) expect(headers.get('location')).toMatch(/^\/console\/sign-in/);
        expect(text).not.toContain('csrf');
      }
    }
  });

  it('open to a token that is configured, and to no other', async () => {
    for (const token of ['', onCall.token.slice(1), `${onCall.token} `, onCall.name, viewer.token.toLowerCase()]) {
      const { status, headers } = await postForm(under.origin, '/console/sign-in', { token });
      expect([status, headers.get('set-cookie')]).toEqual([401, null]);
    }
    const entered = await postForm(under.origin, '/console/sign-in', { token: viewer.token });
    expect(entered.status).toBe(303);
    expect(entered.headers.get('set-cookie')).toMatch(
      /^holdpoint=[\w-]{43}; Max-Age=\d+; Path=\/; Secure; HttpOnly; SameSite=Strict$/,
    );
  });

  it('take the word of a development link once, and looking at the link uses nothing up', async () => {
    const looked = await ask(under.origin, `/console/sign-in?once=${once}`);
    expect([looked.status, looked.headers.get('set-cookie')]).toEqual([200, null]);
    expect((await postForm(under.origin, '/console/sign-in', { token: once })).status).toBe(303);
    expect((await postForm(under.origin, '/console/sign-in', { token: once })).status).toBe(401);
  });

  it('answer to their own name alone', async () => {
    const { cookie } = await signIn(under.origin, viewer.token);
    const other = under.origin.replace('127.0.0.1', 'localhost');
    const reply = await ask(other, '/console/kills', { headers: { cookie } });
    expect(reply.status).toBe(404);
    expect(reply.text).not.toContain('csrf');
  });

  it('send every answer under the same strict policy', async () => {
    const { cookie } = await signIn(under.origin, viewer.token);
    for (const path of ['sign-in', 'kills', 'nothing', 'kill?id=none', 'live?page=x', '']) {
      const { headers } = await ask(under.origin, `/console/${path}`, {
        headers: path.startsWith('live') ? {} : { cookie },
      });
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain('unsafe');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('same-origin');
      expect(headers.get('cache-control')).toBe('no-store');
    }
  });

  it('end a session when its visitor signs out', async () => {
    const { cookie, csrf } = await signIn(under.origin, viewer.token);
    expect((await postForm(under.origin, '/console/sign-out', { csrf: 'other' }, { cookie })).status).toBe(403);
    expect((await postForm(under.origin, '/console/sign-out', { csrf }, { cookie })).status).toBe(303);
    expect((await ask(under.origin, '/console/kills', { headers: { cookie } })).status).toBe(303);
  });

  describe('at the kill switch', () => {
    beforeEach(raise);
    const stop = async (headers: Record<string, string>, csrf: string) =>
      (await postForm(under.origin, '/console/kill', { scope: 'all', csrf }, headers)).status;

    it('refuse whoever has no session', async () => {
      expect(await stop({}, '')).toBe(401);
      expect(await isStopped()).toBe(false);
    });

    it('refuse a form of another site, or of none', async () => {
      const { cookie, csrf } = await signIn(under.origin, onCall.token);
      expect(await stop({ cookie, origin: 'https://attacker.example' }, csrf)).toBe(403);
      expect(await stop({ cookie, origin: 'null' }, csrf)).toBe(403);
      expect(await stop({ cookie, origin: '' }, csrf)).toBe(403);
      expect(await stop({ cookie, 'sec-fetch-site': 'same-site' }, csrf)).toBe(403);
      expect(await isStopped()).toBe(false);
    });

    it('refuse a form that was made for another session', async () => {
      const { cookie } = await signIn(under.origin, onCall.token);
      const other = await signIn(under.origin, onCall.token);
      expect(await stop({ cookie }, other.csrf)).toBe(403);
      expect(await stop({ cookie }, '')).toBe(403);
      expect(await isStopped()).toBe(false);
    });

    it('refuse a viewer', async () => {
      const { cookie, csrf } = await signIn(under.origin, viewer.token);
      expect(await stop({ cookie }, csrf)).toBe(403);
      expect(await isStopped()).toBe(false);
    });

    it('stop everything for one press of somebody on call, with the recorder away', async () => {
      const { cookie, csrf } = await signIn(under.origin, onCall.token);
      const pressed = await postForm(under.origin, '/console/kill', { scope: 'all', csrf, reason: 'odd' }, { cookie });
      expect(pressed.status).toBe(303);
      const page = pressed.headers.get('location') ?? '';
      await eventually(isStopped);
      const shown = async () => (await ask(under.origin, page, { headers: { cookie } })).text;
      await eventually(async () => (await shown()).includes('From here no new effect begins'));
      expect(await shown()).toContain('The stop holds all the same');
    });
  });
});

describe('a session', () => {
  const secrets = { tokens: [onCall] };
  const at = { mode: 'production', origin: 'https://holdpoint.example.com' } as const;

  it('is over after twelve hours, and is never one that was made up', () => {
    let now = 0;
    const sessions = createSessions(secrets, at, () => now);
    const [cookie = ''] = (sessions.enter(onCall.token)?.cookie ?? '').split(';');
    expect(cookie).toMatch(/^__Host-holdpoint=/);
    expect(sessions.of(cookie)?.name).toBe('phone');
    expect(sessions.of(`${cookie}; ${cookie}x`)).toBeNull();
    now = 12 * 3_600_000;
    expect(sessions.of(cookie)).toBeNull();
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(sessions.of(`__Host-holdpoint=${text}`)).toBeNull();
      }),
    );
  });

  it('cannot come from a development link in production', () => {
    expect(refusalOf(() => createSessions({ ...secrets, once }, at, Date.now))).toBe('BAD_INPUT');
  });
});

describe('an address that a form names', () => {
  it('leads to a page of the console, whatever it is', () => {
    const origin = 'https://holdpoint.example.com';
    const tricky = [
      '//attacker.example',
      '/console/../..//attacker.example',
      '/console/\\attacker.example',
      '/consolex',
    ];
    const any = fc.oneof(
      fc.webUrl(),
      fc.string(),
      fc.constantFrom(...tricky),
      fc.string().map((text) => `/console/${text}`),
    );
    fc.assert(
      fc.property(any, (wanted) => {
        const page = ownPage(wanted, origin);
        expect(page).toMatch(/^\/console\/[^/\\]?/);
        expect(new URL(page, origin).origin).toBe(origin);
      }),
    );
  });

  it('names no scope but one that exists', () => {
    for (const text of ['', 'ALL', 'runbook/', 'runbook/../all', 'fence/all', 'incident', 'incident/a b', 'governor/x'])
      expect(refusalOf(() => parseScope(text))).toBe('BAD_INPUT');
    expect(parseScope('runbook/payments')).toEqual({ kind: 'runbook', runbook: 'payments' });
  });
});
