// What the pages can do without, made quicker: live updates, running clocks, copying a line. Every page works without it.
(() => {
  const guardChanged = document.getElementById('changed');
  const away = document.getElementById('away');
  const page = () => document.getElementById('main');

  // A link of a development installation signs in by itself: looking at its page alone uses nothing up.
  document.querySelector('form[data-once]')?.requestSubmit();

  const words = (seconds) => {
    if (seconds <= 0) return 'expired';
    const minutes = Math.floor(seconds / 60);
    if (minutes >= 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min left`;
    return minutes > 0 ? `${minutes} min ${seconds % 60} s left` : `${seconds} s left`;
  };
  const tick = () => {
    for (const time of document.querySelectorAll('time[data-until]'))
      time.textContent = words(Math.floor((Date.parse(time.dateTime) - Date.now()) / 1000));
  };

  const addCopying = () => {
    for (const line of document.querySelectorAll('[data-copy]')) {
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'quiet';
      button.textContent = 'Copy';
      button.setAttribute('aria-describedby', line.dataset.copy);
      button.addEventListener('click', async () => {
        await navigator.clipboard.writeText(line.textContent ?? '');
        button.textContent = 'Copied';
      });
      line.after(button);
    }
  };

  // A hold that is no longer the one that was opened is not decided on by what stands here: the lines go, and it is said.
  const withdraw = () => {
    for (const line of document.querySelectorAll('.commands')) line.remove();
    guardChanged.hidden = false;
  };

  const refresh = async () => {
    const reply = await fetch(location.href, { headers: { accept: 'text/html' }, redirect: 'manual' });
    if (reply.type === 'opaqueredirect') return location.reload();
    if (!reply.ok) return;
    const next = new DOMParser().parseFromString(await reply.text(), 'text/html');
    const [now, then] = [page(), next.getElementById('main')];
    if (then === null || !guardChanged.hidden) return;
    if (now.dataset.guard !== '' && now.dataset.guard !== then.dataset.guard) return withdraw();
    const focused = document.activeElement?.id;
    now.replaceWith(document.adoptNode(then));
    document.getElementById('stopped')?.replaceWith(document.adoptNode(next.getElementById('stopped')));
    document.title = next.title;
    if (focused) document.getElementById(focused)?.focus();
    addCopying();
    tick();
  };

  addCopying();
  tick();
  setInterval(tick, 1000);
  const address = page()?.dataset.live;
  if (!address) return;
  let busy = false;
  const events = new EventSource(address);
  events.onopen = () => {
    away.hidden = true;
  };
  events.onerror = () => {
    away.hidden = false;
  };
  events.onmessage = async ({ data }) => {
    if (busy || data === page().dataset.version) return;
    busy = true;
    await refresh().catch(() => undefined);
    busy = false;
  };
})();
