import type { HereDoc, Redirect, Redirection } from 'unbash';
import { expandText, refuseDialect, shownWord, textOfParts } from './expand.ts';
import type { Input, Scope } from './scope.ts';
import { knownText, type Text } from './text.ts';

/** What redirections make of a command's standard input, and whether it still prints where it would without them. */
export type Redirected = { readonly input: Input; readonly prints: boolean };

const writes = new Set(['>', '>>', '>|', '<>', '&>', '&>>']);
/** Writing to these changes nothing. */
const harmless = /^\/dev\/(null|stdout|stderr|tty|fd\/\d+)$/;

/** Judges the redirections of a command: a file that is written to, and whatever is run to name it. */
export function redirect(redirections: readonly Redirection[], scope: Scope): Redirected {
  let input = scope.input;
  let prints = true;
  for (const redirection of redirections) {
    const { descriptor } = redirection;
    const number = descriptor?.type === 'FileDescriptor' ? descriptor.value : null;
    const given = sourceOf(redirection, scope);
    if (given !== null) {
      if (descriptor === undefined || number === 0) input = given;
      continue;
    }
    if (redirection.type === 'Redirect') writeTo(redirection, scope);
    if (number !== 2) prints = false;
  }
  return { input, prints };
}

/** What a redirection gives to read; null when it is there for writing. */
function sourceOf(redirection: Redirection, scope: Scope): Input | null {
  switch (redirection.type) {
    case 'HereDoc':
      return { kind: 'text', text: bodyOf(redirection, scope) };
    case 'HereString':
      if (redirection.target === undefined) return { kind: 'outside' };
      return { kind: 'text', text: [...expandText(redirection.target, scope), '\n'] };
    case 'Redirect':
      if (redirection.operator !== '<' && redirection.operator !== '<&') return null;
      return readFrom(redirection, scope);
  }
}

function readFrom({ target }: Redirect, scope: Scope): Input {
  const path = target === undefined ? null : knownText(expandText(target, scope));
  if (path === '/dev/null') return { kind: 'text', text: [] };
  const held = path === null ? undefined : scope.files.get(path);
  return held === undefined || held === null ? { kind: 'outside' } : { kind: 'text', text: held };
}

function bodyOf({ operator, delimiter, body }: HereDoc, scope: Scope): Text {
  if (delimiter?.quoted !== true && body.parts !== undefined) {
    const text = textOfParts(body.parts, scope);
    // Tabs at the start of a line go, before anything is expanded: none of an expansion are at the start of one.
    return operator === '<<-' ? withoutTabs(text) : text;
  }
  return operator === '<<-' ? withoutTabs([body.text]) : [body.text];
}

const withoutTabs = (text: Text): Text =>
  text.map((bit, index) => {
    if (typeof bit !== 'string') return bit;
    const inner = bit.replace(/\n\t+/g, '\n');
    return index === 0 ? inner.replace(/^\t+/, '') : inner;
  });

function writeTo({ operator, target, descriptor }: Redirect, scope: Scope): void {
  if (scope.dialect === 'posix' && operator.startsWith('&')) refuseDialect(scope, `\`${operator}\``);
  if (target === undefined) return;
  const text = expandText(target, scope);
  const path = knownText(text);
  // `>&2` and `2>&1` copy a descriptor; `>&file` writes one.
  if (operator === '>&' && (descriptor !== undefined || /^(\d+-?|-)$/.test(path ?? ''))) return;
  if (!writes.has(operator) && operator !== '>&') return;
  if (path !== null && harmless.test(path)) return;
  const name = path ?? shownWord(text);
  scope.findings.written.add(name);
  scope.findings.add([
    { system: 'host', verb: 'write', object: 'file', names: [name], modifiers: [], effect: 'write' },
  ]);
}
