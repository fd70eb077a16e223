import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { judgeCommand } from '../../../policies/never-allow/judge-command.ts';
import { readPrograms } from '../../../policies/never-allow/programs/read-programs.ts';
import { readers } from '../../../policies/never-allow/programs/read-tables.ts';
import { literal } from '../../../policies/never-allow/word.ts';
import { loadSqlParser } from '../../../policies/sql-read.ts';
import { forbidden, harmless, ruleOf } from './support/judged.ts';

beforeAll(loadSqlParser);

const lines = (table: string): string[] =>
  table
    .trim()
    .split('\n')
    .map((line) => line.trim());

describe('programs of which only reading is listed', () => {
  it.each(
    lines(`
      amtool --alertmanager.url=http://am:9093 silence query
      amtool alert query severity=critical --alertmanager.url http://am:9093
      argocd app diff web
      argocd app get web -o json
      crictl --runtime-endpoint unix:///run/c.sock inspect abc
      crictl logs --tail 50 abc
      crictl ps -a
      echo Q | openssl s_client -connect example.com:443 -showcerts
      echo | openssl s_client -connect example.com:443 2>/dev/null | openssl x509 -noout -enddate
      etcdctl endpoint health --cluster
      flux get kustomizations -A
      git --no-pager log --grep 'drop table' --since=yesterday
      git -C /srv/app status -sb
      git blame -L 10,20 main.tf
      git branch --show-current
      git branch -a
      git config --get user.email
      git diff --stat HEAD~3 -- k8s/
      git log --oneline -5
      git log | head -20
      git remote -v
      git rev-parse --short HEAD
      git show HEAD~1:deploy.yaml
      git stash list
      git tag -l 'v1.*'
      ip -4 route
      ip -br addr show
      ip -s link show eth0
      ip a
      ip neigh
      ip netns list
      ip route get 10.0.0.1
      kubectl get pods; git status
      kubectx
      kubens -c
      kustomize build overlays/prod
      logcli query '{app="web"} |= "drop table"' --since=1h --limit 100
      openssl s_client -connect example.com:443 -servername example.com </dev/null
      openssl verify -CAfile ca.pem cert.pem
      openssl version -a
      openssl x509 -in cert.pem -noout -dates -subject
      promtool check rules rules.yml
      promtool query instant http://prom:9090 'up == 0'
      stern -n prod web --since 10m --no-follow
      sudo ip route
      sysctl -a
      sysctl net.ipv4.ip_forward
      watch ip -s link
    `),
  )('reads by `%s`', (text) => expect(ruleOf(text)).toBe(harmless));

  it.each(
    lines(`
      git log --output=/etc/passwd
      git -c core.pager='rm -rf /' log
      git branch new
      git branch -D old
      git tag v2
      git push --force
      git stash
      git config user.email x
      git diff --ext-diff
      git grep -O'rm -rf' x
      git reset --hard
      git reflog expire --all
      git log $X
      git ls-remote 'ext::sh -c date'
      ip link set eth0 down
      ip netns exec blue bash
      ip -batch f
      ip -n blue addr
      ip addr flush dev eth0
      ip vrf exec v ls
      openssl s_client -connect example.com:443
      openssl x509 -in a -out b
      openssl x509 -in a -noout -engine /tmp/evil.so
      openssl req -new -key k -out csr
      kustomize build --enable-helm .
      kustomize build . -o out.yaml
      kustomize edit set image a=b
      promtool tsdb create-blocks-from rules x
      promtool debug all http://p
      amtool silence add alertname=x
      amtool alert add x
      amtool silence expire abc
      logcli query '{a="b"}' --part-path-prefix=/tmp/x
      kubectx prod
      crictl rm abc
      argocd app delete web
      argocd app sync web
      flux delete kustomization x
      etcdctl del x
      sysctl -w a=b
      sysctl a=b
      sysctl -p
      printf 'DELETE /apis/x HTTP/1.1' | openssl s_client -quiet -connect k8s:6443
      cat request | openssl s_client -connect k8s:6443
      git status --porcelain $X
      git branch *
      ip $X
      ip addr add 10.0.0.1/24 dev eth0
      openssl s_client -connect a:1 -keylogfile f
      git --exec-path=/tmp/x status
      git log --ou=f
      git config --unset user.email
      git worktree add ../x
      kubens prod
      crictl -c x rmi --prune
      openssl req -new -x509 -key k -noout -out f
      amtool config routes --config.file=x --bogus
      sysctl --system
      sysctl "$X"
    `),
  )('holds `%s`', (text) => expect(judgeCommand(text).verdict).toBe('require_human'));

  it.each([
    [`git -c alias.x='!kubectl delete deploy web' x`, forbidden],
    [`GIT_PAGER='kubectl delete deploy web' git log`, forbidden],
    ['ip netns exec blue kubectl delete deploy web', forbidden],
    ['crictl exec abc kubectl delete deploy web', forbidden],
    ['git -c core.pager="kubectl delete deploy web" log', forbidden],
    ['GIT_CONFIG_COUNT=1 git log', 'unknown.environment'],
    ['HOME=/tmp/x git status', 'unknown.environment'],
    ['OPENSSL_CONF=/tmp/x openssl version', 'unknown.environment'],
    ['KUSTOMIZE_PLUGIN_HOME=/tmp/x kustomize build .', 'unknown.environment'],
  ])('denies `%s`', (text, rule) => expect(ruleOf(text)).toBe(rule));

  /** The reading uses themselves, as their table has them. */
  const uses = readers.flatMap(({ names, commands }) =>
    commands.flatMap(({ paths }) =>
      paths.split('|').map((path) => [names.split(' ')[0] ?? '', ...path.split(' ')].filter((word) => word !== '')),
    ),
  );
  const listed = new Set(
    readers.flatMap(({ valued = '', flags = '', commands }) =>
      [valued, flags, ...commands.flatMap((one) => [one.valued ?? '', one.flags ?? ''])].flatMap((text) =>
        text.split(' '),
      ),
    ),
  );
  const effectOf = ([name = '', ...rest]: readonly string[]): string => {
    const program = readPrograms.find(({ names }) => names.includes(name));
    const read = program?.read(rest.map(literal));
    return read?.kind === 'read' ? read.actions.map(({ effect }) => effect).join(' ') : 'unknown';
  };
  const somewhere = (use: readonly string[], word: string, at: number): string[] => {
    const place = 1 + (at % use.length);
    return [...use.slice(0, place), word, ...use.slice(place)];
  };

  it('takes an option that no table has for one that may do anything, wherever it stands', () => {
    const name = fc
      .stringMatching(/^[a-zA-Z][a-z-]{1,12}$/)
      .filter((text) => !listed.has(text) && !listed.has(text[0] ?? ''));
    fc.assert(
      fc.property(fc.constantFrom(...uses), name, fc.boolean(), fc.nat(8), (use, option, valued, at) => {
        expect(effectOf(somewhere(use, `--${option}${valued ? '=x' : ''}`, at))).toBe('write');
      }),
      { numRuns: 1_000 },
    );
  });

  it('never reads by what writes a file, loads code or runs a program', () => {
    const long =
      '--output=f --out --exec --ext-diff --textconv --exec-path=x --config-env=a=b --upload-pack=x --enable-exec --enable-helm ' +
      '--enable-alpha-plugins --cpuprofile=f --part-path-prefix=f --netns';
    const ofGo = '-out -engine -provider -keylogfile -writerand -signkey -batch -b -netns -n -force -sess_out -msgfile';
    const risky = (use: readonly string[]) => {
      const reader = readers.find(({ names }) => names.split(' ').includes(use[0] ?? ''));
      // Where the format of what is printed is named so, `--output` is a way to read.
      const format = reader?.commands.some(({ valued = '' }) => valued.split(' ').includes('output')) === true;
      const words = [...long.split(' '), ...(reader?.style === 'go' ? ofGo.split(' ') : [])];
      return words.filter((word) => !(format && /^--out/.test(word)));
    };
    const given = fc.constantFrom(...uses).chain((use) => fc.tuple(fc.constant(use), fc.constantFrom(...risky(use))));
    fc.assert(
      fc.property(given, fc.nat(8), ([use, option], at) => {
        expect(effectOf(somewhere(use, option, at))).toBe('write');
      }),
      { numRuns: 1_000 },
    );
  });

  it('reads every use of its tables that needs no more words', () => {
    const needy = readers.flatMap(({ names, commands }) =>
      commands
        .filter(({ needs }) => needs !== undefined)
        .flatMap(({ paths }) => paths.split('|').map((path) => `${names.split(' ')[0]} ${path}`)),
    );
    for (const use of uses)
      if (!needy.includes(use.join(' '))) expect([use.join(' '), effectOf(use)]).toEqual([use.join(' '), 'read']);
  });

  it('never throws, and never reads a word that may be an option', () => {
    const open = { kind: 'unknown', text: '$X', prefix: '', splits: true } as const;
    for (const [name = '', ...rest] of uses) {
      const program = readPrograms.find(({ names }) => names.includes(name));
      const read = program?.read([...rest.map(literal), open]);
      expect(read).toMatchObject({ kind: 'read', unlisted: true });
    }
  });
});
