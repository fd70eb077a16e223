import { type OptionSpec, parseOptions } from '../options.ts';
import { type Program, type Reading, reading, unknown } from '../program.ts';
import type { TypedAction } from '../typed-action.ts';
import { literalOf, textOf, type Word } from '../word.ts';

/** redis-cli. System `storage`, with the command of Redis in lower case as verb. */
const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

const spec: OptionSpec = {
  style: 'getopt',
  valued: words(
    'h p s t a u r i n d D user pass sni cacert cacertdir cert key tls-ciphers tls-ciphersuites count pattern quoted-pattern cursor eval show-pushes memkeys-samples',
  ),
  flags: words(`
    c v help version raw no-raw quoted-input csv json quoted-json tls insecure verbose no-auth-warning askpass e
    x X 2 3 stat latency latency-history latency-dist bigkeys memkeys hotkeys scan ldb ldb-sync-mode intrinsic-latency
    keystats pipe lru-test cluster functions-rdb rdb replica
  `),
};

const reads = words(`
  get mget getrange strlen exists type ttl pttl expiretime pexpiretime keys scan randomkey dbsize info ping echo time
  lastsave hget hmget hgetall hkeys hvals hlen hexists hscan hstrlen hrandfield httl lrange llen lindex lpos smembers
  scard sismember smismember sscan srandmember sinter sunion sdiff sintercard zrange zrangebyscore zrangebylex zrevrange
  zrevrangebyscore zcard zcount zscore zmscore zrank zrevrank zscan zlexcount zrandmember xrange xrevrange xlen xread
  xpending bitcount bitpos getbit pfcount geodist geopos geosearch geohash dump lolwut role
`);
/** The second word decides. */
const groupReads: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['config', words('get help')],
  ['client', words('list info id getname trackinginfo help')],
  ['memory', words('usage stats doctor malloc-stats help')],
  ['object', words('encoding freq idletime refcount help')],
  ['slowlog', words('get len help')],
  ['latency', words('latest history doctor graph histogram help')],
  ['cluster', words('info nodes slots shards myid keyslot countkeysinslot getkeysinslot links help')],
  ['xinfo', words('stream groups consumers help')],
  ['command', words('count docs info list getkeys help')],
  ['acl', words('list whoami users cat getuser log dryrun help')],
  ['pubsub', words('channels numsub numpat help')],
]);
const showing = [
  'stat',
  'latency',
  'latency-history',
  'latency-dist',
  'bigkeys',
  'memkeys',
  'hotkeys',
  'keystats',
  'scan',
  'help',
  'version',
];

export const redisCli: Program = { names: ['redis-cli', 'valkey-cli', 'keydb-cli'], read: readRedisCli };

function readRedisCli(argv: readonly Word[]): Reading {
  const parsed = parseOptions(argv, spec, true);
  const [lost] = parsed.undecided;
  if (lost !== undefined) return unknown('unknown.option', `\`${lost.text}\` may decide what is sent to the server`);
  const given = parsed.options.map(({ name }) => name);
  if (given.includes('eval') || given.includes('pipe'))
    return unknown('unknown.script', 'what is in a script or in the input cannot be read here');
  const first = parsed.positionals[0]?.word;
  if (first === undefined) {
    if (given.some((name) => showing.includes(name))) return done('show', [], 'read');
    return reading([actionOf('session', [], 'write')], [], 'other-sql');
  }
  const name = literalOf(first)?.toLowerCase();
  if (name === undefined) return unknown('unknown.option', `\`${textOf(first)}\` decides what is sent to the server`);
  const rest = parsed.rest ?? [];
  const second = literalOf(rest[0])?.toLowerCase();
  const harmless = reads.has(name) || (second !== undefined && groupReads.get(name)?.has(second) === true);
  return done(name, rest.slice(0, 4).map(textOf), harmless ? 'read' : 'write');
}

const actionOf = (verb: string, names: readonly string[], effect: TypedAction['effect']): TypedAction => ({
  ...{ system: 'storage', verb, object: '', names, modifiers: [], effect },
});
const done = (verb: string, names: readonly string[], effect: TypedAction['effect']): Reading =>
  reading([actionOf(verb, names, effect)]);
