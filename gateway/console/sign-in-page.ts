import { root } from './hrefs.ts';
import { html } from './html.ts';
import { outside } from './outside.ts';
import type { Page } from './page.ts';

/** Where a token is given. `once`: the word of a link that a development installation printed; it is sent by itself. */
export function signInPage(to: string, once: string | null, failed: boolean): Page {
  const field =
    once === null
      ? html`<label>Token <input type="password" name="token" required maxlength="512" autocomplete="current-password"></label>`
      : html`<input type="hidden" name="token" value="${once}">`;
  return {
    title: 'Sign in',
    main: html`<h1>Sign in</h1>
${failed && html`<p class="alarm" role="alert">That is no token of this gateway, or a link that was used before.</p>`}
<form method="post" action="${root}/sign-in" class="fields" ${once !== null && html`data-once`}>
<input type="hidden" name="to" value="${to}">${field}
<button>Sign in</button></form>
<p class="note">A viewer's token reads; an on-call token may stop things too. No token here releases anything: a release is a statement that a person signs. Came by a link, and signed in already? <a href="${to}">Go on</a>.</p>`,
  };
}

export const refusalPage = (code: string, message: string): Page => ({
  title: 'Refused',
  main: html`<h1>Not shown</h1><p role="alert"><code>${code}</code> ${outside(message, 1_000)}</p><p><a href="${root}/incidents">Incidents</a></p>`,
});
