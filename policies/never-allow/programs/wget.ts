import { isSet, lastValue, type OptionSpec, type Parsed, parseOptions } from '../options.ts';
import { type Program, type Reading, reading, unknown } from '../program.ts';
import type { TypedAction } from '../typed-action.ts';
import { isNoOption, literal, literalOf, textOf, type Word } from '../word.ts';
import { contentsOf, isNoFile, readRequest, writeFile } from './http-request.ts';

/* wget. Canonical names: see http-request.ts. It writes what it fetches to a file, unless it is told `-O -` or `--spider`. */

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/).filter((word) => word !== ''));
const spec: OptionSpec = {
  style: 'getopt',
  valued: words(`
    e execute o output-file a append-output report-speed i input-file B base config rejected-log t tries
    retry-on-http-error O output-document start-pos progress T timeout dns-timeout connect-timeout read-timeout w wait waitretry
    Q quota bind-address limit-rate restrict-file-names prefer-family user password use-askpass local-encoding
    remote-encoding P directory-prefix cut-dirs http-user http-password default-page header compression proxy-user
    proxy-password referer U user-agent load-cookies save-cookies post-data post-file method body-data body-file
    secure-protocol certificate certificate-type private-key private-key-type ca-certificate ca-directory crl-file
    pinnedpubkey ciphers ftp-user ftp-password warc-file warc-header warc-max-size warc-dedup warc-tempdir l level backups
    A accept R reject accept-regex reject-regex regex-type D domains exclude-domains follow-tags ignore-tags I
    include-directories X exclude-directories max-redirect hsts-file n`),
  flags: words(`
    V version h help b background d debug q quiet v verbose no-verbose F force-html no-config retry-connrefused no-netrc c
    continue no-clobber show-progress N timestamping no-if-modified-since no-use-server-timestamps S server-response spider
    random-wait no-proxy no-dns-cache ignore-case 4 inet4-only 6 inet6-only ask-password no-iri unlink xattr x
    force-directories no-directories no-host-directories protocol-directories no-cache E adjust-extension ignore-length
    save-headers no-http-keep-alive no-cookies keep-session-cookies content-disposition content-on-error
    auth-no-challenge https-only no-check-certificate no-hsts no-remove-listing no-glob no-passive-ftp preserve-permissions
    retr-symlinks r recursive delete-after k convert-links convert-file-only K backup-converted m mirror p page-requisites
    strict-comments follow-ftp H span-hosts L relative np no-parent trust-server-names`),
};

export const wget: Program = { names: ['wget'], read: readWget };

const writes = [
  ...['save-cookies', 'warc-file', 'rejected-log', 'r', 'recursive', 'm', 'mirror', 'p', 'page-requisites', 'config'],
  ...['b', 'background', 'xattr', 'P', 'directory-prefix', 'hsts-file'],
];

function readWget(argv: readonly Word[]): Reading {
  const parsed = parseOptions(argv, spec);
  const has = (...names: string[]) => parsed.options.some(({ name }) => names.includes(name));
  const urls = [...parsed.positionals.map(({ word }) => word), ...(parsed.rest ?? [])];
  const open = parsed.undecided.find(({ at }) => argv[at]?.kind === 'literal' || !isNoOption(argv[at] ?? literal('-')));
  if (open !== undefined)
    return unknown('unknown.word', `\`${open.text}\` may be any option of wget; after \`--\` it could be none`);
  // Any setting can be given so: a program to run, a file to write.
  const settings = valuesOf(parsed, 'e', 'execute');
  if (settings.some((word) => !/^\s*(robots|https?_proxy|use_proxy|tries|timeout)\s*=/.test(literalOf(word) ?? ''))) {
    return unknown('unknown.config', 'the settings that wget is given are not known');
  }
  const method = methodOf(parsed);
  if (method === null) return unknown('unknown.method', 'the method that wget sends is not literal');
  const body = valuesOf(parsed, 'post-data', 'body-data');
  const files = valuesOf(parsed, 'post-file', 'body-file').map((word) => contentsOf(textOf(word)));
  const actions: TypedAction[] = [];
  for (const url of urls) {
    const read = readRequest({ method, url, body: [...body, ...files], query: '' });
    if (read.kind === 'unknown') return read;
    actions.push(...read.actions);
  }
  const logs = valuesOf(parsed, 'o', 'output-file', 'a', 'append-output').some((word) => !isNoFile(word));
  const discards = isNoFile(lastValue(parsed, 'O', 'output-document')) || isSet(parsed, 'spider') === true;
  const local = has(...writes) || logs || (!discards && (urls.length > 0 || has('i', 'input-file')));
  const nested = valuesOf(parsed, 'use-askpass').map((word) => ({ kind: 'argv', argv: [word] }) as const);
  return reading(local ? [...actions, writeFile()] : actions, nested);
}

function methodOf(parsed: Parsed): string | null {
  const given = lastValue(parsed, 'method');
  if (given !== null) return literalOf(given)?.toUpperCase() ?? null;
  return valuesOf(parsed, 'post-data', 'post-file').length > 0 ? 'POST' : 'GET';
}

const valuesOf = ({ options }: Parsed, ...names: readonly string[]): readonly Word[] =>
  options.flatMap(({ name, value }) => (names.includes(name) && value !== null ? [value] : []));
