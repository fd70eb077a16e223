// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of a shell
import { beforeAll, describe, expect, it } from 'vitest';
import { loadSqlParser } from '../../../policies/sql-read.ts';
import { forbidden, ruleOf, type Table } from './support/judged.ts';

beforeAll(loadSqlParser);

const wrappers: readonly ((command: string) => string)[] = [
  (c) => `nohup ${c} &`,
  (c) => `sudo ${c}`,
  (c) => `sudo -n -u root -- ${c}`,
  (c) => `sudo -E KUBECONFIG=/k ${c}`,
  (c) => `doas -u root ${c}`,
  (c) => `su -c '${c}'`,
  (c) => `su - root -c '${c}'`,
  (c) => `su root -- -c '${c}'`,
  (c) => `runuser -u root -- ${c}`,
  (c) => `runuser -l root -c '${c}'`,
  (c) => `env ${c}`,
  (c) => `env -i KUBECONFIG=/k A=b ${c}`,
  (c) => `env -u X -C /tmp ${c}`,
  (c) => `env -S '${c}'`,
  (c) => `env -S'A=b ${c}'`,
  (c) => `env - ${c}`,
  (c) => `timeout 10 ${c}`,
  (c) => `timeout --signal=KILL -k 5 10s ${c}`,
  (c) => `\\time -f %e ${c}`,
  (c) => `nice ${c}`,
  (c) => `nice -n 5 ${c}`,
  (c) => `nice -5 ${c}`,
  (c) => `ionice -c 3 ${c}`,
  (c) => `stdbuf -oL ${c}`,
  (c) => `setsid -w ${c}`,
  (c) => `chroot --userspec=a / ${c}`,
  (c) => `unshare -rm ${c}`,
  (c) => `nsenter -t 1 -m -- ${c}`,
  (c) => `strace -f -o /dev/null ${c}`,
  (c) => `systemd-run --user --wait -p A=b ${c}`,
  (c) => `command -p ${c}`,
  (c) => `exec -a x ${c}`,
  (c) => `flock /tmp/lock ${c}`,
  (c) => `flock -n /tmp/lock -c '${c}'`,
  (c) => `watch -n 5 ${c}`,
  (c) => `watch '${c}'`,
  (c) => `watch -x ${c}`,
  (c) => `script -q -c '${c}' /dev/null`,
  (c) => `ssh host ${c}`,
  (c) => `ssh -p 22 -i k user@host -- '${c}'`,
  (c) => `ssh -o 'ProxyCommand ${c}' host true`,
  (c) => `sshpass -p x ssh host ${c}`,
  (c) => `ssh host <<'E'\n${c}\nE`,
  (c) => `ssh host bash -s <<'E'\n${c}\nE`,
  (c) => `busybox ${c}`,
  (c) => `busybox sh -c '${c}'`,
  (c) => `bash -c '${c}'`,
  (c) => `bash -lc '${c}'`,
  (c) => `bash -euo pipefail -c '${c}'`,
  (c) => `bash -c -e '${c}'`,
  (c) => `sh -c '${c}'`,
  (c) => `dash -c '${c}'`,
  (c) => `zsh -c '${c}'`,
  (c) => `sh -c "sh -c '${c}'"`,
  (c) => `find . -name a -exec ${c} \\;`,
  (c) => `find . -exec sh -c '${c}' {} +`,
  (c) => `echo a | xargs -I{} ${c}`,
  (c) => `echo '${c}' | xargs -I{} sh -c '{}'`,
  (c) => `echo '${c.split(' ').slice(1).join(' ')}' | xargs ${c.split(' ')[0]}`,
  (c) => `printf '%s\\0' ${c.split(' ').slice(1).join(' ')} | xargs -0 ${c.split(' ')[0]}`,
  (c) => `parallel ::: '${c}'`,
  (c) => `parallel ${c.split(' ').slice(0, -1).join(' ')} ::: ${c.split(' ').at(-1)}`,
  (c) => `kubectl exec web -- sh -c '${c}'`,
  (c) => `docker exec web ${c}`,
  (c) => `sudo env A=b nohup timeout 5 nice bash -c '${c}'`,
  (c) => `KUBECTL_EXTERNAL_DIFF='${c}' kubectl diff -f x`,
  (c) => `PAGER='${c}' psql -c '\\l'`,
];

/** Nobody listed these: what they are given is tried as a command. */
const unlisted: readonly ((command: string) => string)[] = [
  (c) => `mywrapper ${c}`,
  (c) => `mywrapper --flag value ${c}`,
  (c) => `mywrapper '${c}'`,
  (c) => `mywrapper --run '${c}'`,
  (c) => `tmux new -d '${c}'`,
  (c) => `./deploy sudo ${c}`,
  (c) => `make "a=$(${c})"`,
  (c) => `git -c alias.x='!${c}' x`,
  (c) => `tar xf a.tar --to-command='${c}'`,
  (c) => `tar cf a . --checkpoint-action='exec=${c}'`,
  (c) => `vim -c ':!${c}' -c q`,
  (c) => `socat - EXEC:'${c}'`,
  (c) => `git grep -O'${c}' x`,
  (c) => `echo '${c}' | myrunner`,
  (c) => `myrunner <<'E'\n${c}\nE`,
];

const delete1 = 'kubectl delete deploy x';
const get1 = 'kubectl get deploy x';

describe('wrappers', () => {
  it.each([...wrappers, ...unlisted].map((wrap) => wrap(delete1)))('denies what is forbidden in %j', (text) => {
    expect(ruleOf(text)).toBe(forbidden);
  });

  it.each(wrappers.map((wrap) => wrap(get1)))('judges a read by what it is in %j', (text) => {
    expect(ruleOf(text)).toMatch(/^(read\.only|write\.held)$/);
  });

  it('reads what an unlisted program is given once, and not again for each program that nobody listed in it', () => {
    expect(ruleOf("printf 'one a\\ntwo b\\nthree c' | myrunner")).toBe('write.unlisted-program');
    const lines = 'png <<E | onfu -f\nxhorpgy qryrgr qrcyblzrag k\nf a | f b\nE';
    expect(ruleOf(`socat - "EXEC:printf '%s\\n' '${lines}' | tr A-Za-z N-ZA-Mn-za-m | bash"`)).toBe(forbidden);
  });

  it('denies what an unlisted program is given when it is too much to read', () => {
    expect(ruleOf(`myrunner '${'eval '.repeat(40)}${delete1}'`)).toMatch(/^(floor|unknown)\./);
    expect(ruleOf(`echo '${'eval '.repeat(40)}${delete1}' | myrunner`)).toMatch(/^(floor|unknown)\./);
  });

  it.each(unlisted.map((wrap) => wrap(get1)))('holds a program that nobody listed in %j', (text) => {
    expect(ruleOf(text)).toBe('write.unlisted-program');
  });
});

const others: Table = [
  ['bash', 'write.held'],
  ['sudo -i', 'write.held'],
  ['ssh host', 'write.held'],
  ['sudo -l', 'read.only'],
  ['env', 'read.only'],
  ['env A=b', 'read.only'],
  ['bash --version', 'write.held'],
  ['python3 --version', 'read.only'],
  ['find . -name x', 'read.only'],
  ['find . -delete', 'write.held'],
  ['find . $X', 'unknown.option'],
  ['find "$DIR" -name "$X"', 'read.only'],
  ['sudo $X kubectl get pods', 'unknown.'],
  ['sudo -u $X kubectl get pods', 'unknown.option'],
  ['timeout $X kubectl get pods', 'unknown.option'],
  ['nice --unknown kubectl get pods', 'unknown.option'],
  ['env -S "$X"', 'unknown.option'],
  ["env -S 'kubectl ${X}'", 'unknown.option'],
  ['ls | xargs kubectl', 'unknown.word'],
  ['ls | xargs -n 2 kubectl', 'unknown.word'],
  ['echo delete deploy x get pods | xargs -n 3 kubectl', 'unknown.word'],
  ['ls | xargs kubectl get pods', 'read.only'],
  ['ls | xargs -I{} kubectl {} deploy x', 'unknown.word'],
  ["ls | xargs -I{} sh -c 'kubectl get pod {}'", 'unknown.shell-text'],
  ['ls | parallel', 'unknown.stdin'],
  ['ls | parallel kubectl get pod', 'read.only'],
  ['ls | parallel kubectl {} deploy x', 'unknown.word'],
  ["ls | parallel 'kubectl {1} deploy x'", 'unknown.shell-text'],
  ['TF_CLI_ARGS_apply=-destroy terraform apply', 'floor.terraform-destroy'],
  ["export TF_CLI_ARGS='-destroy'; terraform apply", 'floor.terraform-destroy'],
  ['env TF_CLI_ARGS=-destroy terraform apply', 'floor.terraform-destroy'],
  ['mywrapper kubectl $VERB deploy x', 'unknown.word'],
  ["mywrapper 'not $( a command'", 'write.unlisted-program'],
  ['apt-get install kubectl helm', 'write.unlisted-program'],
  ["bq query 'drop table orders'", 'floor.sql-drop-table'],
  ["echo 'drop table orders' | snowsql", 'floor.sql-drop-table'],
  ['k delete deploy x', 'floor.kubernetes-delete-deployment'],
  ['tf destroy', 'floor.terraform-destroy'],
  ['k get pods', 'write.unlisted-program'],
  ["echo 'kubectl delete deploy x' | at now", 'floor.kubernetes-delete-deployment'],
  ["at now + 5 minutes <<< 'kubectl get pods'", 'write.held'],
  ['at -f job.sh now', 'unknown.script'],
  ['at now < job', 'unknown.stdin'],
  ['at -$X', 'unknown.option'],
  ['at -l', 'read.only'],
  ['at -r 5', 'write.held'],
  ['crontab -l', 'read.only'],
  ['crontab -l table', 'unknown.script'],
  ["echo '* * * * * kubectl delete deploy x' | crontab -", 'unknown.script'],
  ['crontab table', 'unknown.script'],
  ['crontab -r', 'write.held'],
  ['source <(kubectl completion bash)', 'read.only'],
  ['source <(helm completion zsh); helm list', 'read.only'],
  ['source <(mytool completion bash)', 'unknown.stdin'],
  ['source <(kubectl get cm x)', 'unknown.stdin'],
  ['source <(kubectl completion bash $X)', 'unknown.stdin'],
  ["zsh -c '=kubectl delete deploy x'", 'unknown.'],
  ["zsh -c 'noglob kubectl get deploy x'", 'unknown.dialect'],
];

describe('what runs other programs', () => {
  it.each(others)('answers %j with %s', (text, rule) => {
    const found = ruleOf(text);
    expect(found.startsWith(rule) ? rule : found).toBe(rule);
  });
});
