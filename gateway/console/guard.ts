import type { FastifyRequest } from 'fastify';
import { HoldpointError } from '../../contracts/errors.ts';
import { sameSecret } from '../webhooks/secrets.ts';
import { root } from './hrefs.ts';
import type { Visitor } from './sessions.ts';

/** The console answers to its own name alone, so that a name which somebody points here later reads nothing. Throws `NOT_FOUND`. */
export function mustBeOurHost({ headers }: FastifyRequest, origin: string): void {
  if (!isOurHost({ headers }, origin)) throw new HoldpointError('NOT_FOUND', 'nothing is served under this name');
}

export const isOurHost = ({ headers }: Pick<FastifyRequest, 'headers'>, origin: string): boolean =>
  headers.host === new URL(origin).host;

/** A form is taken from our own pages alone. Throws `NOT_PERMITTED`. */
export function mustBeOurPage({ headers }: FastifyRequest, origin: string): void {
  const site = headers['sec-fetch-site'];
  if (headers.origin !== origin || (site !== undefined && site !== 'same-origin'))
    throw new HoldpointError('NOT_PERMITTED', '`origin`: expected a form of this console');
}

/** And from a page that was made for this very session. Throws `NOT_PERMITTED`. */
export function mustBeTheirForm(form: URLSearchParams, { csrf }: Visitor): void {
  if (!sameSecret(form.get('csrf') ?? '', csrf))
    throw new HoldpointError('NOT_PERMITTED', 'this form is not of your session: open the page again');
}

/** Throws `NOT_PERMITTED`. */
export function mustBeOnCall({ role }: Visitor): void {
  if (role !== 'on-call') throw new HoldpointError('NOT_PERMITTED', 'a stop here needs an on-call token');
}

/** The fields of a form. Throws `BAD_INPUT`. */
export function formOf({ headers, body }: FastifyRequest): URLSearchParams {
  const type = String(headers['content-type'] ?? '');
  if (!/^application\/x-www-form-urlencoded(;|$)/i.test(type) || !Buffer.isBuffer(body))
    throw new HoldpointError('BAD_INPUT', 'body: expected a form');
  return new URLSearchParams(body.toString('utf8'));
}

/** A page of ours to go to, else the first one: never another site, whatever an address asks for. */
export function ownPage(wanted: string | null, origin: string): string {
  const url = wanted?.startsWith(`${root}/`) && URL.canParse(wanted, origin) ? new URL(wanted, origin) : null;
  const isOurs =
    url !== null && url.origin === origin && url.pathname.startsWith(`${root}/`) && !url.pathname.includes('//');
  return isOurs ? `${url.pathname}${url.search}` : `${root}/incidents`;
}
