import type { Notifier, Page } from '../../activities/notify/page.ts';

/** A notifier that keeps what it is told; one channel, which takes pages while `reachable` says so. */
export const notifierInto = (pages: Page[], reachable: () => boolean = () => true): Notifier => ({
  configured: true,
  async page(page) {
    pages.push(page);
    const delivered = reachable();
    const fault = delivered ? null : 'no answer';
    const to = `${page.escalation ?? 'whoever is on call'} (test)`;
    return { to, delivered, channels: [{ channel: 'test', kind: 'webhook', delivered, fault }] };
  },
});
