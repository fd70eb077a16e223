import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { processNames } from '../../../servers/workspace.ts';
import type { System } from './system.ts';

/** Something secret, and what it is. */
export type Secret = { readonly what: string; readonly text: string };
/** A place where it must not be, and all text of that place. */
export type Place = { readonly where: string; readonly text: string };

/** Everything that the processes were given in secret, and the passwords inside it by themselves. */
export function secretsOf({ workspace, payments }: System): Secret[] {
  const found: Secret[] = [];
  const walk = (what: string, value: unknown): void => {
    if (typeof value === 'string') found.push({ what, text: value });
    else if (typeof value === 'object' && value !== null)
      for (const [name, inner] of Object.entries(value)) walk(`${what}.${name}`, inner);
  };
  for (const name of processNames) walk(name, workspace.secrets[name]);
  const logins = [payments.applicationUrl, payments.adminUrl, ...found.map(({ text }) => text)].filter(isLogin);
  const passwords = logins.map((url) => ({ what: 'password', text: decodeURIComponent(new URL(url).password) }));
  // The public half of a key, and the words that say what kind of secret it is, are in every configuration; a channel's
  // name and kind are on the record, and an address is a secret by its path alone.
  const open = /\.(process|kty|crv|x|kid|scheme|database|kind|name|role)$/;
  return [...found.filter(({ what }) => !open.test(what)), ...passwords];
}
const isLogin = (text: string): boolean => /^postgres(ql)?:\/\//.test(text);

const filesIn = (dir: string): string[] =>
  readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((name) => join(dir, name))
    .filter((path) => statSync(path).isFile());

/** Every file of the installation: configuration, logs, manifests, outbox, and the whole archive. */
export const filesOf = ({ workspace }: System): Place[] =>
  filesIn(workspace.dir).map((path) => ({ where: path, text: readFileSync(path, 'latin1') }));

/** The history of every workflow of the namespace, payloads decoded; and what each says when it is asked. */
export async function historiesOf({ client }: System): Promise<Place[]> {
  const places: Place[] = [];
  for await (const { workflowId, runId, memo } of client.workflow.list()) {
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    places.push({ where: `history of ${workflowId}`, text: historyToJSON(history) + JSON.stringify(memo ?? {}) });
  }
  return places;
}

/** What a process shows of itself: environment, arguments, health, metrics. */
export async function surfacesOf({ supervisor, workspace }: System): Promise<Place[]> {
  const places: Place[] = [];
  for (const name of processNames) {
    const pid = supervisor.pid(name);
    const { host, port } = workspace.configs[name].health;
    for (const file of ['environ', 'cmdline'])
      places.push({ where: `${file} of ${name}`, text: readFileSync(`/proc/${pid}/${file}`, 'latin1') });
    for (const path of ['/healthz', '/metrics'])
      places.push({ where: `${path} of ${name}`, text: await (await fetch(`http://${host}:${port}${path}`)).text() });
  }
  return places;
}

/** How a text may be spelt and still be the secret. */
function spellingsOf(text: string): string[] {
  const bytes = Buffer.from(text, 'utf8');
  const plain = [text, encodeURIComponent(text), JSON.stringify(text).slice(1, -1), bytes.toString('hex')];
  return [...new Set([...plain, bytes.toString('base64'), bytes.toString('base64url')])];
}

/** The text, and what every run of base64 in it says, twice over: a history inside a blob has payloads inside it. */
function layersOf(text: string): string[] {
  const decoded = (layer: string) =>
    (layer.match(/[A-Za-z0-9+/_-]{16,}={0,2}/g) ?? []).map((run) => Buffer.from(run, 'base64').toString('latin1'));
  const once = decoded(text).join('\n');
  return [text, once, decoded(once).join('\n')];
}

/** Which secret is where. Empty when none is anywhere. */
export function leaksIn(places: readonly Place[], secrets: readonly Secret[]): string[] {
  return places.flatMap(({ where, text }) => {
    const layers = layersOf(text);
    const shown = ({ text: secret }: Secret) =>
      spellingsOf(secret).some((spelling) => layers.some((layer) => layer.includes(spelling)));
    return secrets.filter(shown).map(({ what }) => `${what} in ${where}`);
  });
}
