// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of a shell
import fc from 'fast-check';

/** A command as text. A simple one can stand after a wrapper; `posix` says that every `sh` reads it alike. */
type Text = { readonly text: string; readonly simple: boolean; readonly posix: boolean };

const forbiddenCommands: readonly (readonly string[])[] = [
  ['kubectl', 'delete', 'deployment', 'payments', '-n', 'prod'],
  ['kubectl', '-n', 'prod', 'delete', 'deploy/checkout'],
  ['kubectl', 'delete', 'deployments.v1.apps/search', '--cascade=orphan'],
  ['kubectl', '--context', 'a', 'delete', 'pods,deployments', '-l', 'app=web'],
  ['kubectl', 'delete', 'all', '--all'],
  ['terraform', 'destroy', '-auto-approve'],
  ['terraform', '-chdir=infra/prod', 'apply', '-destroy', '-target=module.vpc'],
  ['tofu', 'destroy'],
  ['terragrunt', 'run-all', 'destroy', '--terragrunt-non-interactive'],
  ['aws', '--profile', 'ops', 's3', 'rm', 's3://prod-logs', '--recursive'],
  ['aws', 's3', 'rb', 's3://prod-logs', '--force'],
  ['psql', '-d', 'orders', '-c', 'drop table if exists orders cascade'],
  ['psql', '-c', 'SELECT 1; DROP/**/TABLE "Orders"'],
];
const readCommands: readonly (readonly string[])[] = [
  ['kubectl', 'get', 'deployments', '-n', 'prod'],
  ['kubectl', '-n', 'prod', 'get', 'deploy/checkout', '-o', 'yaml'],
  ['kubectl', 'logs', 'deploy/delete'],
  ['terraform', 'plan', '-var', 'action=destroy'],
  ['tofu', 'output', 'name'],
  ['aws', 's3', 'ls', 's3://prod-logs', '--recursive'],
  ['psql', '-d', 'orders', '-c', "SELECT 'drop table orders'"],
  ['docker', 'ps', '--filter', 'name=drop'],
];

export const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
const isBare = (word: string): boolean => /^[A-Za-z0-9_./:=@%+,-]+$/.test(word);
const escaped = (word: string): string => [...word].map((one) => (/[A-Za-z0-9]/.test(one) ? one : `\\${one}`)).join('');
const hex = (text: string): string => Buffer.from(text).toString('hex');

type Spelling = {
  readonly text: string;
  /** What has to run first. */
  readonly before?: string;
  /** Only Bash reads it so. */
  readonly bash?: true;
  /** Not for a word that `echo` takes for an option. */
  readonly echoes?: true;
};

/** Spellings of one word: each is that one word to Bash. `name` is a variable of its own. */
const spellings: readonly ((word: string, name: string) => Spelling)[] = [
  (word) => ({ text: isBare(word) ? word : quote(word) }),
  (word) => ({ text: quote(word) }),
  (word) => ({ text: `"${word.replace(/["$`\\]/g, '\\$&')}"` }),
  (word) => ({ text: escaped(word) }),
  (word) => ({ text: [...word].map((one, at) => (at === 1 ? `''${quote(one)}` : quote(one))).join('') }),
  (word) => ({ text: `${quote(word.slice(0, 2))}\\\n${quote(word.slice(2))}` }),
  (word) => ({ text: `$'${hex(word).replace(/../g, '\\x$&')}'`, bash: true }),
  (word) => ({ text: `$'${word.replace(/['\\]/g, '\\$&')}'`, bash: true }),
  (word) => ({ text: `"$(echo ${quote(word)})"`, echoes: true }),
  (word) => ({ text: `"$(printf '%s' ${quote(word)})"`, bash: true }),
  (word) => ({ text: `"$(echo ${Buffer.from(word).toString('base64')} | base64 -d)"` }),
  (word) => ({ text: `"\`echo ${quote(word)}\`"`, echoes: true }),
  (word, name) => ({ before: `${name}=${quote(word)}`, text: `"$${name}"` }),
  (word, name) => ({ before: `${name}=${quote(`x${word}`)}`, text: `"\${${name}#x}"` }),
  (word, name) => ({ before: `${name}=${quote(word)}; ${name}2=$${name}`, text: `"\${${name}2}"` }),
  (word, name) => ({ before: `${name}=${quote(word)}; ${name}3=${name}`, text: `"\${!${name}3}"`, bash: true }),
  (word, name) => ({ before: `${name}=(a ${quote(word)})`, text: `"\${${name}[1]}"`, bash: true }),
  (word, name) => ({
    before: `${name}=${quote(word.slice(0, 2))}; ${name}+=${quote(word.slice(2))}`,
    text: `"$${name}"`,
    bash: true,
  }),
];

const blank = fc.constantFrom(' ', ' ', ' ', '  ', '\t', ' \\\n  ');
const path = fc.constantFrom('', '', '', '/usr/local/bin/', '../bin/', '~/bin/');
const usual = fc.constant(0);
const chosen = fc.oneof({ weight: 2, arbitrary: usual }, fc.nat({ max: spellings.length - 1 }));

/** A command line for an argv, each word in some spelling. */
function spelled([program = '', ...rest]: readonly string[]): fc.Arbitrary<Text> {
  const argv = fc.tuple(path, fc.constantFrom('', '', '.exe')).map(([at, end]) => [`${at}${program}${end}`, ...rest]);
  const places = { minLength: rest.length + 1, maxLength: rest.length + 1 };
  return fc.tuple(argv, fc.array(chosen, places), fc.array(blank, places)).map(([words, which, blanks]) => {
    const made = words.map((word, at): Spelling => {
      const spelling = spellings[which[at] ?? 0]?.(word, `V${at}`) ?? { text: quote(word) };
      return spelling.echoes === true && word.startsWith('-') ? { text: quote(word) } : spelling;
    });
    const line = made.map(({ text }, at) => (at === 0 ? text : `${blanks[at]}${text}`)).join('');
    const before = made.flatMap((one) => (one.before === undefined ? [] : [one.before]));
    const posix = made.every(({ bash }) => bash !== true);
    return { text: [...before, line].join('; '), simple: before.length === 0, posix };
  });
}

type Wrap = {
  /** What it can be put around. */
  readonly takes: 'simple' | 'posix' | 'any';
  readonly text: (text: string) => string;
  /** What comes of it. */
  readonly simple: boolean;
  readonly posix: boolean | 'same';
};
const wrap = (takes: Wrap['takes'], simple: boolean, posix: Wrap['posix']) => (text: Wrap['text']) => ({
  takes,
  text,
  simple,
  posix,
});
/** Before a command: another command. */
const prefix = wrap('simple', true, 'same');
/** The same, but no command that could stand after another. */
const before = wrap('simple', false, 'same');
/** Around commands: a construct of the shell. */
const construct = wrap('any', false, 'same');
const bashConstruct = wrap('any', false, false);
/** Text for another shell, as an argument or as its input. */
const forSh = wrap('posix', true, true);
const intoSh = wrap('posix', false, true);
const forBash = wrap('any', true, true);
const intoBash = wrap('any', false, true);
const fromBash = wrap('any', false, false);

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const rot13 = (text: string): string =>
  text.replace(/[a-zA-Z]/g, (one) => String.fromCharCode(one.charCodeAt(0) + (/[a-m]/i.test(one) ? 13 : -13)));
const end = (text: string): string => `END${text.length}`;

const prefixes = `
sudo|sudo -n -u root --|doas -u root|nohup|env|env A=b|env -i -u X A=b|command|command -p|exec|time -p|timeout 10|busybox
timeout -k 5 --signal=TERM 1m|nice -n 5|nice -10|ionice -c3|stdbuf -oL -eL|setsid -w|strace -f -o /dev/null|watch -x
flock /tmp/l|chroot /|unshare -m|nsenter -t 1 -a|systemd-run --user --wait
`
  .trim()
  .split(/[|\n]/);

/** Each runs what it is put around, whatever that is. */
const wraps: readonly Wrap[] = [
  ...prefixes.map((words) => prefix((text) => `${words} ${text}`)),
  prefix((text) => `find . -maxdepth 0 -exec ${text} \\;`),
  before((text) => `echo a | xargs -I%%% ${text}`),
  prefix((text) => `${text} 2>&1`),
  before((text) => `A=b C="d e" ${text}`),
  before((text) => `f() { "$@"; }; f ${text}`),
  before((text) => `set -- ${text}; "$@"`),
  construct((text) => `eval ${quote(text)}`),
  construct((text) => `C=${quote(text)}; eval "$C"`),
  construct((text) => `eval "$(echo ${base64(text)} | base64 -d)"`),
  construct((text) => `. /dev/stdin <<'${end(text)}'\n${text}\n${end(text)}`),
  bashConstruct((text) => `source <(printf '%s\\n' ${quote(text)})`),
  construct((text) => `(${text}\n)`),
  construct((text) => `{ ${text}\n}`),
  construct((text) => `true && { ${text}\n}`),
  construct((text) => `false || { ${text}\n}`),
  construct((text) => `kubectl get pods -n a; ${text}`),
  construct((text) => `kubectl get pods -n a\n${text}\nkubectl get svc`),
  construct((text) => `{ ${text}\n} & wait`),
  construct((text) => `! { ${text}\n}`),
  construct((text) => `if true; then ${text}\nfi`),
  construct((text) => `for i in 1 2; do ${text}\ndone`),
  construct((text) => `while true; do ${text}\nbreak; done`),
  construct((text) => `case a in a) ${text}\n;; esac`),
  construct((text) => `go() { ${text}\n}; go`),
  construct((text) => `echo "$(${text}\n)"`),
  construct((text) => `X=$(${text}\n)`),
  construct((text) => `cat <<${end(text)}\n$(${text}\n)\n${end(text)}`),
  bashConstruct((text) => `true <(${text}\n)`),
  construct((text) => `trap ${quote(text)} EXIT`),
  construct((text) => `# a comment\n${text}`),
  forSh((text) => `sh -c ${quote(text)}`),
  forSh((text) => `dash -c ${quote(text)}`),
  forSh((text) => `env -i sh -ec ${quote(text)}`),
  intoSh((text) => `echo ${base64(text)} | base64 -d | sh`),
  ...['ssh host', 'watch', 'su root -c', 'flock /tmp/l -c', 'parallel :::', 'bash -c', 'bash -euo pipefail -c'].map(
    (words) => forBash((text) => `${words} ${quote(text)}`),
  ),
  forBash((text) => `script -qc ${quote(text)} /dev/null`),
  forBash((text) => `bash -c 'eval "$1"' _ ${quote(text)}`),
  intoBash((text) => `bash <<'${end(text)}'\n${text}\n${end(text)}`),
  intoBash((text) => `ssh host <<'${end(text)}'\n${text}\n${end(text)}`),
  intoBash((text) => `cat <<'${end(text)}' | bash -s\n${text}\n${end(text)}`),
  intoBash((text) => `echo ${hex(text)} | xxd -r -p | bash`),
  intoBash((text) => `printf '%s\\n' ${quote(rot13(text))} | tr A-Za-z N-ZA-Mn-za-m | bash`),
  intoBash((text) => `bash -c "$(echo ${base64(text)} | base64 --decode)"`),
  fromBash((text) => `bash <<< ${quote(text)}`),
  fromBash((text) => `bash <(printf '%s\\n' ${quote(text)})`),
  fromBash((text) => `printf '${hex(text).replace(/../g, '\\x$&')}' | bash`),
];

/** Each runs what it is put around too, and is held or unknown even where that only reads. */
const heldWraps: readonly Wrap[] = [
  forBash((text) => `mywrapper --run ${quote(text)}`),
  forBash((text) => `git -c ${quote(`alias.x=!${text}`)} x`),
  forBash((text) => `tar xf a.tar --to-command=${quote(text)}`),
  forBash((text) => `socat - ${quote(`EXEC:${text}`)}`),
  forBash((text) => `tmux new -d ${quote(text)}`),
  intoBash((text) => `myrunner <<'${end(text)}'\n${text}\n${end(text)}`),
  forSh((text) => `kubectl create job j --image=i -- sh -c ${quote(text)}`),
  forSh((text) => `docker run --rm image sh -c ${quote(text)}`),
  forSh((text) => `kubectl exec web -- sh -c ${quote(text)}`),
  intoSh((text) => `echo ${base64(text)} | base64 -d | at now`),
  intoSh((text) => `echo ${base64(text)} | base64 -d | kubectl exec -i web -- sh`),
];

const layersMax = 4;
const charsMax = 8_000;

/** Puts layers around a command, as far as each can take what it is given. */
function layered(first: Text, layers: readonly Wrap[]): string {
  let now = first;
  for (const { takes, text, simple, posix } of layers) {
    if ((takes === 'simple' && !now.simple) || (takes === 'posix' && !now.posix)) continue;
    if (now.text.length > charsMax) break;
    now = { text: text(now.text), simple, posix: posix === 'same' ? now.posix : posix };
  }
  return now.text;
}

const variantOf = (commands: readonly (readonly string[])[], around: readonly Wrap[]): fc.Arbitrary<string> =>
  fc
    .tuple(fc.constantFrom(...commands).chain(spelled), fc.array(fc.constantFrom(...around), { maxLength: layersMax }))
    .map(([text, layers]) => layered(text, layers));

/** A command that the floor forbids: spelled, split, encoded and wrapped. */
export const forbiddenVariant = variantOf(forbiddenCommands, [...wraps, ...heldWraps]);
/** A command that only reads, in the same spellings and wrappings. */
export const readVariant = variantOf(readCommands, wraps);
