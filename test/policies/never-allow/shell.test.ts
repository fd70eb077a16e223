// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of a shell
import { beforeAll, describe, expect, it } from 'vitest';
import { loadSqlParser } from '../../../policies/sql-read.ts';
import { forbidden, ruleOf } from './support/judged.ts';

beforeAll(loadSqlParser);

const delete1 = 'kubectl delete deploy x';
const get1 = 'kubectl get deploy x';

/** Every construct around one command; each is judged with a forbidden command in it, and with a read. */
const constructs: readonly ((command: string) => string)[] = [
  (c) => c,
  (c) => `  ${c}  # why`,
  (c) => `# first\n${c}`,
  (c) => `true && ${c}`,
  (c) => `false || ${c}`,
  (c) => `true; ${c}`,
  (c) => `! ${c}`,
  (c) => `time -p ${c}`,
  (c) => `${c} &\nwait`,
  (c) => `(${c})`,
  (c) => `{ ${c}; }`,
  (c) => `if ${c}; then true; fi`,
  (c) => `if true; then ${c}; fi`,
  (c) => `if false; then true; elif true; then ${c}; fi`,
  (c) => `if false; then true; else ${c}; fi`,
  (c) => `while ${c}; do break; done`,
  (c) => `until false; do ${c}; done`,
  (c) => `for i in 1 2; do ${c}; done`,
  (c) => `for ((i = 0; i < 2; i++)); do ${c}; done`,
  (c) => `select i in a; do ${c}; done`,
  (c) => `case $X in a) ${c} ;; esac`,
  (c) => `case $(${c}) in a) true ;; esac`,
  (c) => `f() { ${c}; }; f`,
  (c) => `f() { ${c}; }`,
  (c) => `function f { ${c}; }; f`,
  (c) => `coproc ${c}`,
  (c) => `echo $(${c})`,
  (c) => `echo "a $(echo $(${c}))"`,
  (c) => `echo \`${c}\``,
  (c) => `X=$(${c})`,
  (c) => `X=y Y="$(${c})" true`,
  (c) => `export X="$(${c})"`,
  (c) => `A=(a $(${c}))`,
  (c) => `A[$(${c})]=1`,
  (c) => `true <(${c})`,
  (c) => `true > >(${c})`,
  (c) => `true <<< "$(${c})"`,
  (c) => `true <<E\n$(${c})\nE`,
  (c) => `echo $((1 + $(${c})))`,
  (c) => `((x = $(${c})))`,
  (c) => `[[ -n $(${c}) ]]`,
  (c) => `[ -n "$(${c})" ]`,
  (c) => `echo \${X:-$(${c})}`,
  (c) => `echo "\${X/a/$(${c})}"`,
  (c) => `echo \${X:$(${c}):1}`,
  (c) => `echo {a,$(${c})}`,
  (c) => `echo a*$(${c})`,
  (c) => `trap '${c}' EXIT`,
  (c) => `jobs -x ${c}`,
  (c) => `eval '${c}'`,
  (c) => `eval ${c}`,
  (c) => `C='${c}'; eval "$C"`,
  (c) => `C='${c}'; $C`,
  (c) => `C='${c}'; eval "eval \\"$C\\""`,
  (c) => `set -- ${c}; "$@"`,
  (c) => `A=(${c}); "\${A[@]}"`,
  (c) => `f() { "$@"; }; f ${c}`,
  (c) => `bash <<'E'\n${c}\nE`,
  (c) => `bash <<< '${c}'`,
  (c) => `bash -s <<E\n${c}\nE`,
  (c) => `bash <(echo ${c})`,
  (c) => `source <(echo ${c})`,
  (c) => `. /dev/stdin <<< '${c}'`,
  (c) => `echo ${c} | sh`,
  (c) => `printf '%s\\n' '${c}' | bash -s`,
  (c) => `echo ${Buffer.from(c).toString('base64')} | base64 -d | sh`,
  (c) => `echo ${Buffer.from(c).toString('base64')} | openssl base64 -d | sh`,
  (c) => `echo ${Buffer.from(c).toString('hex')} | xxd -r -p | sh`,
  (c) => `echo '${[...c].reverse().join('')}' | rev | sh`,
  (c) =>
    `echo '${c.replace(/[a-z]/g, (x) => String.fromCharCode(((x.charCodeAt(0) - 84) % 26) + 97))}' | tr a-z n-za-m | sh`,
  (c) => `eval "$(echo ${Buffer.from(c).toString('base64')} | base64 --decode)"`,
  (c) => `bash -c "$(printf '${c}')"`,
  (c) => `exec ${c}`,
  (c) => `command ${c}`,
  (c) => `set -e; cd /tmp; ${c}`,
];

describe('shell text', () => {
  it.each(constructs.map((wrap) => wrap(delete1)))('denies what is forbidden in %j', (text) => {
    expect(ruleOf(text)).toBe(forbidden);
  });

  it.each(constructs.map((wrap) => wrap(get1)))('allows a read in %j', (text) => {
    expect(ruleOf(text)).toMatch(/^(read\.only|write\.held)$/);
  });
});
