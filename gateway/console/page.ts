import type { ConsoleConfig } from '../../contracts/config.ts';
import { visible } from '../../policies/visible.ts';
import type { CommandPlace } from '../shown/command-lines.ts';
import { root } from './hrefs.ts';
import type { Html } from './html.ts';
import { html, none } from './html.ts';
import { outside } from './outside.ts';
import type { Visitor } from './sessions.ts';
import type { ScopeView } from './stops.ts';

/** What a page is, whoever looks: `version` changes when what it shows has changed, the time left aside. */
export type Page = {
  readonly title: string;
  readonly main: Html;
  /** Changes when a decision that was made on this page would be about something else; null where none is made. */
  readonly guard?: string;
  /** What the kill switch offers here beside everything. */
  readonly scopes?: readonly { readonly scope: string; readonly label: string }[];
};
export type Shell = {
  readonly mode: 'development' | 'production';
  readonly files: { readonly style: string; readonly script: string };
  readonly visitor: Visitor | null;
  readonly stopped: ScopeView | null;
  readonly path: string;
  readonly version: string;
};

const links = [
  ['incidents', 'Incidents'],
  ['runbooks', 'Runbooks'],
  ['record', 'Record'],
  ['kills', 'Stops'],
] as const;

/** A whole document around a page: navigation, what mode this is, what is stopped, and the kill switch. */
export function documentOf(page: Page, shell: Shell): string {
  const { mode, files, visitor } = shell;
  const body = html`<a class="skip" href="#main">Skip to content</a>
<header>
${mode === 'development' && html`<p class="mode">Development mode: keys and sign-in of one machine. Nothing here is fit for production.</p>`}
<p class="brand"><a class="home" href="${root}/incidents">Holdpoint</a></p>
${visitor !== null && html`<nav aria-label="Main"><ul>${links.map(([path, label]) => navLink(path, label, shell.path))}</ul></nav>`}
${visitor !== null && signedIn(visitor)}
</header>
${visitor !== null && killSwitch(visitor, shell, page)}
<p id="changed" role="alert" hidden>What waits here has changed since you opened this page. Its commands are no longer shown. <a href="${shell.path}">Look again</a></p>
<p id="away" role="status" hidden>Live updates have stopped; trying again.</p>
<main id="main" tabindex="-1" ${visitor !== null && html`data-live="${root}/live?page=${encodeURIComponent(shell.path)}" data-version="${shell.version}" data-guard="${page.guard ?? ''}"`}>
${page.main}
</main>`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${visible(page.title, 120)} – Holdpoint</title>
<link rel="stylesheet" href="${files.style}">
<script src="${files.script}" defer></script>
</head>
<body>
${body}
</body>
</html>
`.markup;
}

const navLink = (path: string, label: string, here: string): Html =>
  html`<li><a href="${root}/${path}" ${here.startsWith(`${root}/${path}`) && html`aria-current="page"`}>${label}</a></li>`;

const signedIn = ({ name, role, csrf }: Visitor): Html =>
  html`<form class="who" method="post" action="${root}/sign-out"><input type="hidden" name="csrf" value="${csrf}"><span>${name} (${role})</span> <button class="quiet">Sign out</button></form>`;

function killSwitch({ role, csrf }: Visitor, { stopped }: Shell, { scopes = [] }: Page): Html {
  const token = html`<input type="hidden" name="csrf" value="${csrf}">`;
  const state = stopped === null ? none : scopeLine(stopped);
  if (role !== 'on-call')
    return html`<section class="stop" aria-label="Kill switch"><div id="stopped">${state}</div><p>To stop something, sign in with an on-call token, or run <code>temporal workflow cancel -w fence/all</code>.</p></section>`;
  return html`<section class="stop" aria-label="Kill switch"><div id="stopped">${state}</div>
<form method="post" action="${root}/kill">${token}<input type="hidden" name="scope" value="all"><button class="kill">Stop everything</button></form>
<details id="less"><summary>Stop less, or say why</summary>
<form method="post" action="${root}/kill" class="fields">${token}
<label>What <select name="scope">${scopes.map(({ scope, label }) => html`<option value="${scope}">${visible(label, 100)}</option>`)}<option value="all">Everything</option></select></label>
<label>Why <input name="reason" maxlength="400" autocomplete="off"></label>
<button class="kill">Stop it</button></form></details></section>`;
}

export function scopeLine({ name, state, how }: ScopeView): Html {
  if (state === 'fence open') return html`<p>${stateWord('open', 'open')} <code>${name}</code></p>`;
  const word = state === 'stopped' ? 'STOPPED' : 'NOT KNOWN';
  return html`<p>${stateWord('stopped', word)} <code>${name}</code>: ${outside(how)}</p>`;
}

/** A state in colour and in words: neither stands alone. */
export type StateKind = 'open' | 'held' | 'stopped' | 'rehearsed' | 'working' | 'over' | 'bad';
export const stateWord = (kind: StateKind, word: string): Html =>
  html`<span class="state ${kind}">${outside(word, 40)}</span>`;

export const placeOf = ({ commands }: ConsoleConfig): CommandPlace => ({
  home: commands.home,
  address: commands.temporalAddress,
  cli: 'temporal',
});

/** A time in full, and one of the day where the day is plain. */
export const instant = (at: string): Html =>
  html`<time datetime="${at}">${at.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')}</time>`;

export const away = (what: string, code: string): Html =>
  html`<p class="away" role="status">${stateWord('bad', 'NOT KNOWN')} ${what} (<code>${code}</code>). Nothing is concluded from that.</p>`;

/** Rows under headings, each cell labelled for a narrow screen. */
export const tableOf = (caption: string, heads: readonly string[], rows: readonly (readonly Html[])[]): Html =>
  rows.length === 0
    ? html`<p class="empty">none</p>`
    : html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table><caption>${caption}</caption><thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead><tbody>${rows.map(
        (cells) => html`<tr>${cells.map((cell, at) => html`<td data-head="${heads[at] ?? ''}">${cell}</td>`)}</tr>`,
      )}</tbody></table></div>`;

export const facts = (rows: readonly (readonly [string, Html])[]): Html =>
  html`<dl class="facts">${rows.map(([term, value]) => html`<div><dt>${term}</dt><dd>${value}</dd></div>`)}</dl>`;

export const short = (hash: string): Html => html`<code title="${hash}">${hash.slice(0, 12)}…</code>`;

export const timeCell = (at: string): Html => html`<time datetime="${at}" title="${at}">${at.slice(11, 19)}</time>`;
