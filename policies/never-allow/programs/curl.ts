import { isSet, lastValue, type OptionSpec, type Parsed, parseOptions } from '../options.ts';
import { type Program, type Reading, reading, unknown } from '../program.ts';
import type { TypedAction } from '../typed-action.ts';
import { isNoOption, literal, literalOf, textOf, type Word } from '../word.ts';
import { contentsOf, isNoFile, readRequest, writeFile } from './http-request.ts';

/*
 * curl. Canonical names: see http-request.ts; `write-file` for what it leaves on the machine. The options are those of
 * 8.16, which may be shortened where one letter more decides nothing.
 */

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/).filter((word) => word !== ''));
const spec: OptionSpec = {
  style: 'getopt',
  valued: words(`
    abstract-unix-socket alt-svc aws-sigv4 cacert capath E cert cert-type ciphers K config connect-timeout connect-to C
    continue-at b cookie c cookie-jar create-file-mode crlfile curves d data data-ascii data-binary data-raw data-urlencode
    delegation dns-interface dns-ipv4-addr dns-ipv6-addr dns-servers doh-url D dump-header ech egd-file engine etag-compare
    etag-save expect100-timeout F form form-string ftp-account ftp-alternative-to-user ftp-method P ftp-port
    ftp-ssl-ccc-mode happy-eyeballs-timeout-ms haproxy-clientip H header hostpubmd5 hostpubsha256 hsts interface ip-tos
    ipfs-gateway json keepalive-cnt keepalive-time key key-type knownhosts krb libcurl limit-rate local-port login-options
    mail-auth mail-from mail-rcpt max-filesize max-redirs m max-time netrc-file noproxy oauth2-bearer o output output-dir
    parallel-max parallel-max-host pass pinnedpubkey preproxy proto proto-default proto-redir x proxy proxy-cacert
    proxy-capath proxy-cert proxy-cert-type proxy-ciphers proxy-crlfile proxy-header proxy-key proxy-key-type proxy-pass
    proxy-pinnedpubkey proxy-service-name proxy-tls13-ciphers proxy-tlsauthtype proxy-tlspassword proxy-tlsuser U
    proxy-user proxy1.0 pubkey Q quote random-file r range rate e referer X request request-target resolve retry
    retry-delay retry-max-time sasl-authzid service-name sigalgs socks4 socks4a socks5 socks5-gssapi-service
    socks5-hostname Y speed-limit y speed-time stderr t telnet-option tftp-blksize z time-cond tls-max tls13-ciphers
    tlsauthtype tlspassword tlsuser trace trace-ascii trace-config unix-socket T upload-file upload-flags url url-query u
    user A user-agent variable vlan-priority w write-out`),
  flags: words(`
    anyauth a append basic ca-native cert-status compressed compressed-ssh create-dirs crlf digest q disable disable-eprt
    disable-epsv disallow-username-in-url doh-cert-status doh-insecure dump-ca-embed f fail fail-early fail-with-body
    false-start follow form-escape ftp-create-dirs ftp-pasv ftp-pret ftp-skip-pasv-ip ftp-ssl-ccc ftp-ssl-control G get g
    globoff haproxy-protocol I head http0.9 0 http1.0 http1.1 http2 http2-prior-knowledge http3 http3-only
    ignore-content-length i include show-headers k insecure 4 ipv4 6 ipv6 j junk-session-cookies l list-only L location
    location-trusted mail-rcpt-allowfails M manual metalink mptcp negotiate n netrc netrc-optional : next no-alpn N no-buffer
    no-clobber no-keepalive no-npn no-progress-meter no-sessionid ntlm ntlm-wb out-null Z parallel parallel-immediate
    path-as-is post301 post302 post303 # progress-bar proxy-anyauth proxy-basic proxy-ca-native proxy-digest proxy-http2
    proxy-insecure proxy-negotiate proxy-ntlm proxy-ssl-allow-beast proxy-ssl-auto-client-cert proxy-tlsv1 p proxytunnel raw
    J remote-header-name O remote-name remote-name-all R remote-time remove-on-error retry-all-errors retry-connrefused
    sasl-ir S show-error s silent skip-existing socks5-basic socks5-gssapi socks5-gssapi-nec ssl ssl-allow-beast
    ssl-auto-client-cert ssl-no-revoke ssl-reqd ssl-revoke-best-effort 2 sslv2 3 sslv3 styled-output suppress-connect-headers
    tcp-fastopen tcp-nodelay tftp-no-options tls-earlydata 1 tlsv1 tlsv1.0 tlsv1.1 tlsv1.2 tlsv1.3 tr-encoding trace-ids
    trace-time B use-ascii v verbose V version xattr h help`),
};

export const curl: Program = { names: ['curl'], read: readCurl };

const bodyOptions = [
  'd',
  'data',
  'data-ascii',
  'data-binary',
  'data-raw',
  'data-urlencode',
  'F',
  'form',
  'form-string',
  'json',
];
const uploadOptions = ['T', 'upload-file'];
const fileOptions = [
  ...['o', 'output', 'c', 'cookie-jar', 'D', 'dump-header', 'trace', 'trace-ascii', 'libcurl', 'stderr', 'etag-save'],
  ...['hsts', 'alt-svc'],
];

function readCurl(argv: readonly Word[]): Reading {
  const parsed = parseOptions(argv, spec);
  const urls = [...valuesOf(parsed, 'url'), ...parsed.positionals.map(({ word }) => word), ...(parsed.rest ?? [])];
  const open = parsed.undecided.find(({ at }) => argv[at]?.kind === 'literal' || !isNoOption(argv[at] ?? literal('-')));
  if (open !== undefined) {
    return unknown('unknown.word', `\`${open.text}\` may be any option of curl; after \`--\` it could be none`);
  }
  const config = lastValue(parsed, 'K', 'config');
  if (config !== null && (literalOf(config) === null || /^(-|\/dev\/.*)$/.test(textOf(config)))) {
    return unknown('unknown.config', 'the options that curl reads are not known');
  }
  return requests(parsed, urls, config !== null);
}

function requests(parsed: Parsed, urls: readonly Word[], configured: boolean): Reading {
  const given = methodsOf(parsed);
  if (given === null) return unknown('unknown.method', 'the method that curl sends is not literal');
  const uploads = valuesOf(parsed, ...uploadOptions).map((word) => contentsOf(textOf(word)));
  const body = [...valuesOf(parsed, ...bodyOptions), ...uploads];
  const query = [...valuesOf(parsed, 'url-query'), ...(isSet(parsed, 'G', 'get') === false ? [] : body)];
  const targets = valuesOf(parsed, 'request-target');
  const actions: TypedAction[] = localWrites(parsed, configured);
  for (const url of [...urls, ...targets]) {
    for (const method of given) {
      const read = readRequest({ method, url, body, query: query.map(textOf).join('&') });
      if (read.kind === 'unknown') return read;
      actions.push(...read.actions);
    }
  }
  return reading(actions);
}

/** Every method that may be sent; `--next` starts another request with options of its own. Null when one is not literal. */
function methodsOf(parsed: Parsed): readonly string[] | null {
  const { options } = parsed;
  const has = (...names: string[]) => options.some(({ name }) => names.includes(name));
  const header = valuesOf(parsed, 'H', 'header').map(overriding);
  const explicit = valuesOf(parsed, 'X', 'request').map(literalOf);
  if ([...header, ...explicit].includes(null)) return null;
  const overridden = header.flatMap((method) => (method === null || method === '' ? [] : [method]));
  const sends = has(...bodyOptions) && (!has('G', 'get') || has(':', 'next'));
  const implied = has(...uploadOptions) ? 'PUT' : sends ? 'POST' : has('I', 'head') ? 'HEAD' : 'GET';
  const last = explicit.at(-1) ?? implied;
  const sent = has(':', 'next') ? [...explicit, implied, 'GET'] : [last];
  return [...new Set([...sent, ...overridden].map((method) => known(method ?? '')))];
}

/** Methods that nobody knows are one: so many requests are read as there are methods that differ in meaning. */
const known = (method: string): string =>
  /^(get|head|options|trace|propfind|post|put|patch|delete)$/i.test(method) ? method.toUpperCase() : 'CUSTOM';

/** The method that a header puts in the place of the request's; '' when it is another header, null when nobody can tell. */
function overriding(header: Word): string | null {
  const text = header.kind === 'literal' ? header.value : header.prefix;
  if (header.kind === 'unknown' && !text.includes(':')) return null;
  if (text.startsWith('@')) return null;
  if (!/^x-(http-)?method(-override)?\s*:/i.test(text)) return '';
  return header.kind === 'literal' ? text.slice(text.indexOf(':') + 1).trim() : null;
}

function localWrites(parsed: Parsed, configured: boolean): TypedAction[] {
  const { options } = parsed;
  const files = options.filter(({ name, value }) => fileOptions.includes(name) && !isNoFile(value));
  const named = [
    'O',
    'remote-name',
    'remote-name-all',
    'J',
    'remote-header-name',
    'xattr',
    'Q',
    'quote',
    'dump-ca-embed',
  ];
  const remote = options.filter(({ name }) => named.includes(name));
  if (!configured && files.length === 0 && remote.length === 0) return [];
  return [writeFile(files.map(({ value }) => textOf(value ?? literal(''))))];
}

const valuesOf = ({ options }: Parsed, ...names: readonly string[]): readonly Word[] =>
  options.flatMap(({ name, value }) => (names.includes(name) && value !== null ? [value] : []));
