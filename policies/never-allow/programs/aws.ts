import { type OptionSpec, parseOptions } from '../options.ts';
import { type Program, type Reading, reading, unknown } from '../program.ts';
import type { TypedAction } from '../typed-action.ts';
import { literalOf, textOf, type Word } from '../word.ts';
import { readS3Command } from './aws-s3.ts';
import { hasTexts, readTexts } from './aws-texts.ts';
import { removeRecursively, s3Write } from './s3-actions.ts';
import { expiresEverything } from './s3-lifecycle.ts';

/**
 * The AWS CLI, and awslocal, which hands its words on. Canonical names of system `aws`: `verb` is the operation, `object` the service (`ec2` `terminate-instances`).
 * What touches S3 objects has system `s3`, as s3-actions.ts names it. Whether an operation reads follows from the first word
 * of its name; every other operation writes.
 */
const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

const globalValued =
  'profile region output endpoint-url query ca-bundle cli-read-timeout cli-connect-timeout cli-binary-format color cli-error-format';
const globalFlags =
  'debug no-verify-ssl no-paginate no-sign-request version no-cli-pager cli-auto-prompt no-cli-auto-prompt';
/** `aws s3 --recursive rm …` is the same as `aws s3 rm … --recursive`. */
const spec: OptionSpec = {
  style: 'aws',
  valued: words(`${globalValued} include exclude acl storage-class grants sse sse-c sse-c-key sse-kms-key-id
    sse-c-copy-source sse-c-copy-source-key website-redirect content-type cache-control content-disposition
    content-encoding content-language expires source-region page-size request-payer metadata metadata-directive
    copy-props expected-size checksum-mode checksum-algorithm expires-in index-document error-document bucket-name-prefix
    bucket-region tags case-conflict`),
  flags: words(`${globalFlags} recursive force delete dryrun quiet only-show-errors no-progress follow-symlinks
    no-follow-symlinks no-guess-mime-type size-only exact-timestamps force-glacier-transfer ignore-glacier-warnings
    human-readable summarize validate-same-s3-paths no-overwrite`),
};

const reads = words(`
  list describe get head search lookup scan query filter estimate simulate select count is decode check validate view wait
`);
/** The second word decides: `batch-get-item`, `admin-list-devices`, `transact-get-items`. */
const prefixes = words('batch admin transact');
/** What reads though its first word does not say so. */
const otherReads = words(`
  logs:tail logs:start-query logs:start-live-tail logs:stop-query cloudtrail:start-query cloudtrail:validate-logs
  configure:list configure:list-profiles configure:get configure:export-credentials history:show history:list
  rds:generate-db-auth-token rds:download-db-log-file-portion dsql:generate-db-connect-auth-token
  dsql:generate-db-connect-admin-auth-token cloudfront:sign cloudformation:detect-stack-drift
  servicediscovery:discover-instances
`);
/** What does not read though its first word says so. */
const otherWrites = words(`
  cognito-identity:get-id cognito-identity:get-open-id-token cognito-identity:get-open-id-token-for-developer-identity
  license-manager:check-in-license
`);
const lifecycles = words('put-bucket-lifecycle-configuration put-bucket-lifecycle');

export const aws: Program = { names: ['aws', 'awslocal'], read: readAws };

function readAws(argv: readonly Word[]): Reading {
  // The outer parser takes a `--` out, and what follows it is parsed again, as options too.
  const given = argv.filter((word) => literalOf(word) !== '--');
  const parsed = parseOptions(given, spec);
  const [service, operation] = parsed.positionals;
  if (service === undefined)
    return parsed.undecided.length === 0 ? done('help', '', 'read') : notDecided(parsed.undecided[0]?.text);
  const last = operation ?? service;
  const lost = parsed.undecided.find(({ at }) => at <= last.at);
  if (lost !== undefined) return notDecided(lost.text);
  const names = [literalOf(service.word), operation === undefined ? '' : literalOf(operation.word)];
  const [serviceName, operationName] = names;
  if (serviceName === null || serviceName === undefined) return notDecided(textOf(service.word));
  if (operationName === null || operationName === undefined) return notDecided(textOf(last.word));
  if (operationName === '' || operationName === 'help' || serviceName === 'help') return done('help', '', 'read');
  const rest = given.slice(last.at + 1);
  if (serviceName === 's3') {
    const operands = parsed.positionals.slice(2).map(({ word }) => word);
    return readS3Command(operationName, parsed, operands, given.slice(service.at + 1));
  }
  return readOperation(serviceName, operationName, rest);
}

const notDecided = (text = ''): Reading =>
  unknown('unknown.aws-command', `\`${text}\` may decide which command of aws is run`);

function readOperation(service: string, operation: string, rest: readonly Word[]): Reading {
  if (service === 's3api' || service === 's3control' || service === 's3outposts') {
    if (operation === 'delete-objects') return reading([removeRecursively([])]);
    if (lifecycles.has(operation)) return readLifecycle(rest);
  }
  // It takes a bucket with everything in it.
  if (service === 'lightsail' && operation === 'delete-bucket' && rest.some(mayForce))
    return reading([removeRecursively([])]);
  if (hasTexts(service, operation)) return readTexts(service, operation, rest);
  return done(operation, service, isRead(service, operation) ? 'read' : 'write');
}

const mayForce = (word: Word): boolean => word.kind === 'unknown' || word.value.startsWith('--f');

function isRead(service: string, operation: string): boolean {
  const key = `${service}:${operation}`;
  if (otherWrites.has(key)) return false;
  const [first = '', second = ''] = operation.split('-');
  return otherReads.has(key) || reads.has(prefixes.has(first) ? second : first);
}

const lifecycleSpec: OptionSpec = {
  style: 'aws',
  valued: words(`${globalValued} bucket account-id lifecycle-configuration expected-bucket-owner checksum-algorithm
    content-md5 transition-default-minimum-object-size cli-input-json cli-input-yaml generate-cli-skeleton`),
  flags: words(globalFlags),
};

function readLifecycle(rest: readonly Word[]): Reading {
  const parsed = parseOptions(rest, lifecycleSpec);
  const given = parsed.options.filter(({ name }) => name === 'lifecycle-configuration');
  const elsewhere = parsed.options.some(({ name }) => name.startsWith('cli-input'));
  const text = literalOf(given[0]?.value ?? undefined);
  // A file, a shorthand or a variable: what it expires cannot be told.
  const all =
    given.length === 1 && !elsewhere && parsed.undecided.length === 0 && text !== null ? expiresEverything(text) : null;
  if (all === null) return unknown('unknown.s3-lifecycle', 'what the lifecycle configuration expires cannot be told');
  return reading([all ? removeRecursively([]) : s3Write('configure', 'bucket', [])]);
}

const done = (verb: string, object: string, effect: TypedAction['effect']): Reading =>
  reading([{ system: 'aws', verb, object, names: [], modifiers: [], effect }]);
