import { type Reading, reading, unknown } from '../program.ts';
import type { TypedAction } from '../typed-action.ts';
import { literalOf, textOf, type Word } from '../word.ts';
import { apiPathOf, holdsDeployments } from './kubernetes-kinds.ts';

/*
 * What a request to a web server comes to, whichever program sends it. Canonical names: system `host`, verb `http-get`,
 * `http-delete` …, object ''. A deletion by a path of the Kubernetes API is a `delete` of that kind, and S3's batch deletion
 * and lifecycle are the deletion of `objects`, as they would be from a client of their own.
 */

export type Request = {
  /** Upper case. */
  readonly method: string;
  readonly url: Word;
  /** The parts of the body; a file's contents are not literal. */
  readonly body: readonly Word[];
  /** Further text of the query string. */
  readonly query: string;
};

const reads = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND']);
/** Other schemes carry whatever the text says to a server: `gopher`, `telnet`, `smtp`. */
const plainSchemes = new Set(['http', 'https', 'file', 'ftp', 'ftps', 'sftp', 'scp']);

/** The actions of one request. Never throws. A URL that is not literal is unknown where a deletion may hide in it. */
export function readRequest({ method, url, body, query }: Request): Reading {
  const text = literalOf(url);
  if (text === null && !reads.has(method) && mayDelete(method, body)) {
    return unknown('unknown.url', `\`${textOf(url)}\` may name what is deleted`);
  }
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text ?? '')?.[1]?.toLowerCase() ?? 'http';
  const isRead = reads.has(method) && plainSchemes.has(scheme);
  const request: TypedAction = {
    system: 'host',
    verb: `http-${method.toLowerCase()}`,
    object: '',
    names: [textOf(url)],
    modifiers: [],
    effect: isRead ? 'read' : 'write',
  };
  if (text === null || isRead) return reading([request]);
  return reading([request, ...kubernetesDeletion(method, text), ...s3Deletion(method, text, query, body)]);
}

/** A batch deletion and a lifecycle are XML; a body that is literally something else is neither. */
function mayDelete(method: string, body: readonly Word[]): boolean {
  if (method === 'DELETE') return true;
  const isOther = body.length > 0 && body.every((part) => part.kind === 'literal' && !/^@|<\s*\w/.test(part.value));
  return (method === 'POST' || method === 'PUT') && !isOther;
}

/** The API server may stand behind a prefix: `https://proxy/k8s/clusters/c1/apis/apps/v1/…`. */
function kubernetesDeletion(method: string, url: string): TypedAction[] {
  if (method !== 'DELETE') return [];
  const path = url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '');
  // Globs, escapes and dot segments spell the same path: `deployment[s-s]`, `%64eployments`, `x/../deployments`.
  if (/[[{\\]/.test(path)) return [deletion('*', null)];
  const isOpaque = /%|\/\.\.?(\/|$)|\/\//.test(path);
  if (isOpaque) return /\/api/i.test(decoded(path)) ? [deletion('*', null)] : [];
  const start = path.search(/\/(api\/v1|apis\/[^/]+\/v[^/]+)\//);
  if (start < 0) return [];
  const { kind, name } = apiPathOf(path.slice(start));
  const isCore = path.startsWith('/api/', start);
  // Other servers have an `/api/v1` too: of that group, only the namespace is known for certain.
  if (kind === '*' || (isCore && kind !== 'namespace')) return [];
  return holdsDeployments(kind) ? [deletion(kind, name), deletion('deployment', null)] : [deletion(kind, name)];
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return '/api';
  }
}

const deletion = (object: string, name: string | null): TypedAction => ({
  system: 'kubernetes',
  verb: 'delete',
  object,
  names: name === null ? [] : [name],
  modifiers: name === null ? ['raw', 'all'] : ['raw'],
  effect: 'write',
});

/** `POST ?delete` removes a batch of objects, `PUT ?lifecycle` may let all of them expire. */
function s3Deletion(method: string, url: string, query: string, body: readonly Word[]): TypedAction[] {
  const keys = `${/\?([^#]*)/s.exec(url)?.[1] ?? ''}&${query}`
    .split('&')
    .map((pair) => pair.replace(/=$/, '').toLowerCase());
  const isBatch = method === 'POST' && keys.includes('delete');
  const isLifecycle = method === 'PUT' && keys.includes('lifecycle');
  const keeps = body.length > 0 && body.every((part) => part.kind === 'literal' && !/^@|expiration/i.test(part.value));
  if (!isBatch && !(isLifecycle && !keeps)) return [];
  const modifiers = isBatch ? ['recursive', 'batch'] : ['recursive', 'lifecycle'];
  return [{ system: 's3', verb: 'delete', object: 'objects', names: [url], modifiers, effect: 'write' }];
}

/** What a program that fetches does on its own machine. */
export const writeFile = (names: readonly string[] = []): TypedAction => ({
  system: 'host',
  verb: 'write-file',
  object: '',
  names,
  modifiers: [],
  effect: 'write',
});

/** Whether a file name is none: standard output, or nowhere. */
export const isNoFile = (word: Word | null): boolean =>
  word !== null && ['-', '/dev/null', '/dev/stdout', '/dev/stderr', '/dev/fd/1', '/dev/fd/2'].includes(textOf(word));

/** What a file holds, which is not known. */
export const contentsOf = (file: string): Word => ({ kind: 'unknown', text: file, prefix: '', splits: false });
