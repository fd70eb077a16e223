import { isSet, lastValue, type OptionSpec, type Parsed, parseOptions } from '../options.ts';
import { type Program, type Reading, reading, unknown } from '../program.ts';
import { literalOf, textOf, type Word } from '../word.ts';
import { removeRecursively, s3Read, s3Write } from './s3-actions.ts';
import { commandOf, isPattern, undecidedOption, urlPlace } from './s3-place.ts';

/** s3cmd and s4cmd. Canonical actions are those of s3-actions.ts. */
const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

const spec: OptionSpec = {
  style: 'getopt',
  valued: words(`
    c config access_key secret_key access_token access-key secret-key region host host-bucket bucket-location
    storage-class access-logging-target-prefix default-mime-type m mime-type add-header remove-header
    server-side-encryption-kms-id encoding add-encoding-exts add-destination cache-file exclude exclude-from rexclude
    rexclude-from include include-from rinclude rinclude-from files-from expiry-date expiry-days expiry-prefix
    acl-grant acl-revoke D restore-days restore-priority max-delete limit upload-id multipart-chunk-size-mb ws-index
    ws-error cf-default-root-object cf-add-cname cf-remove-cname cf-comment limit-rate ca-certs ssl-cert ssl-key
    max-retries retry-delay connection-pooling p num-threads t endpoint-url last-modified-before last-modified-after
  `),
  flags: words(`
    h help version configure dump-config n dry-run s ssl no-ssl e encrypt no-encrypt f force continue continue-put
    skip-existing r recursive check-md5 no-check-md5 P acl-public acl-private delete-removed no-delete-removed
    delete-after delay-updates preserve no-preserve keep-dirs list-md5 H human-readable-sizes v verbose d debug q quiet
    progress no-progress stats enable-multipart disable-multipart F follow-symlinks cf-enable cf-disable cf-invalidate
    cf-inv-default-root cf-no-inv-default-root invalidate-default-index-on-cf requester-pays list-allow-unordered
    guess-mime-type no-guess-mime-type no-mime-magic M check-certificate no-check-certificate check-hostname
    no-check-hostname signature-v2 server-side-encryption use-http-expect no-connection-pooling stop-on-error
    sync-check ignore-empty-source show-directory l long-listing validate
  `),
};

const reads = words(`
  ls la du info sign signurl listmp multipart getlifecycle getnotification gettagging ws-info cflist cfinfo cfinvalinfo
`);
const writes = words(`
  mb put get restore cp modify setacl setobjectlegalhold setobjectretention setownership setblockpublicaccess
  setversioning setpolicy delpolicy setcors delcors payer abortmp accesslog fixbucket ws-create ws-delete
  dellifecycle setnotification delnotification cfcreate cfdelete cfmodify settagging deltagging
`);

export const s3cmd: Program = { names: ['s3cmd', 's4cmd'], read: readS3cmd };

function readS3cmd(argv: readonly Word[]): Reading {
  const parsed = parseOptions(argv, spec);
  const command = commandOf(parsed, 's3cmd');
  if (command.kind === 'unknown') return command;
  if (command.kind === 'none') return reading([s3Read('help', '', [])]);
  const { name, operands } = command;
  const names = operands.map(textOf);
  if (reads.has(name)) return reading([s3Read(name === 'ls' || name === 'la' ? 'list' : 'read', 'objects', names)]);
  if (writes.has(name)) return reading([s3Write(name === 'put' || name === 'get' ? 'copy' : name, '', names)]);
  return undecidedOption(parsed, argv) ?? readRemoval(name, operands, parsed);
}

function readRemoval(name: string, operands: readonly Word[], parsed: Parsed): Reading {
  const names = operands.map(textOf);
  const dryRun = isSet(parsed, 'n', 'dry-run') === true ? ['dry-run'] : [];
  const recursive = isSet(parsed, 'r', 'recursive') !== false;
  const found = (removes: boolean, verb: string, object: string): Reading =>
    reading([removes ? removeRecursively(names, dryRun) : s3Write(verb, object, names, dryRun)]);
  switch (name) {
    case 'del':
    case 'rm':
      return found(recursive || operands.some(isPattern), 'delete', 'object');
    case 'rb':
      return found(recursive || isSet(parsed, 'f', 'force') !== false, 'delete', 'bucket');
    case 'mv':
      return found((recursive || operands.some(isPattern)) && urlPlace(operands[0]) !== 'elsewhere', 'move', 'objects');
    case 'sync':
      return found(
        isSet(parsed, 'delete-removed') !== false && urlPlace(operands.at(-1)) !== 'elsewhere',
        'sync',
        'objects',
      );
    // It makes the destination the same, which takes what is not in the source away.
    case 'dsync':
      return found(urlPlace(operands.at(-1)) !== 'elsewhere', 'sync', 'objects');
    case 'expire':
      return readExpire(names, parsed);
    case 'setlifecycle':
      return unknown('unknown.s3-lifecycle', 'what the lifecycle configuration expires cannot be told');
  }
  return unknown('unknown.s3-command', `\`${name}\` is no command that is known here`);
}

function readExpire(names: readonly string[], parsed: Parsed): Reading {
  const prefix = lastValue(parsed, 'expiry-prefix');
  const limited = prefix !== null && (literalOf(prefix) ?? (prefix.kind === 'unknown' ? prefix.prefix : '')) !== '';
  return reading([limited ? s3Write('expire', 'objects', names) : removeRecursively(names)]);
}
