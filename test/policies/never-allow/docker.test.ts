import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Program } from '../../../policies/never-allow/program.ts';
import { docker, dockerCompose, nerdctl, podman } from '../../../policies/never-allow/programs/docker.ts';
import { literal } from '../../../policies/never-allow/word.ts';
import { argv, cases, said } from './argv.ts';

const effects = (program: Program, text: string): string[] => {
  const reading = program.read(argv(text));
  return reading.kind === 'unknown' ? ['unknown'] : reading.actions.map(({ effect }) => effect);
};

describe('docker: what a container is told to run', () => {
  it.each(
    cases(`
      exec web kubectl delete deploy x => exec container; > kubectl delete deploy x
      exec -it -u root web sh -c 'rm x' => exec container; > sh -c rm x
      exec -itu root -e A=b web sh => exec container; > sh
      container exec --workdir=/x web ls -l => exec container; > ls -l
      exec web -- kubectl delete => exec container; > kubectl delete
      exec "$C" web kubectl delete => exec container; > web kubectl delete; > kubectl delete
      run --rm -it alpine sh -c 'x y' => run container; > sh -c x y
      run -v /:/host:ro --network host --name=x alpine chroot /host kubectl => run container; > chroot /host kubectl
      run --entrypoint sh alpine -c 'kubectl delete' => run container; > sh -c kubectl delete
      run --entrypoint=kubectl alpine/k8s:1.29 delete deploy x => run container; > kubectl delete deploy x
      run bitnami/kubectl:latest delete deploy x => run container; > delete deploy x; > kubectl delete deploy x
      run --rm reg.example.com:5000/bitnami/kubectl -n a delete ns x => run container; > kubectl -n a delete ns x
      run amazon/aws-cli s3 rm s3://b --recursive => run container; > s3 rm s3://b --recursive; > aws s3 rm s3://b --recursive
      run lachlanevenson/k8s-kubectl delete deploy x => run container; > delete deploy x; > kubectl delete deploy x
      run hashicorp/terraform:1.9 destroy => run container; > destroy; > terraform destroy
      run "$IMAGE" kubectl delete => run container; > kubectl delete; > delete
      -H ssh://h --context c run alpine sh => run container; > sh
      create alpine kubectl delete => create container; > kubectl delete
      run --health-cmd 'kubectl delete' nginx => run container; > shell: kubectl delete
      service create --replicas 2 alpine kubectl delete => create service; > kubectl delete
      run nginx -g x => run container
      run nginx => run container
      compose exec web kubectl delete => exec compose; > kubectl delete
      compose -f a.yml -p x exec -T --index=1 web kubectl delete => exec compose; > kubectl delete
      compose run --rm -e A=b web kubectl delete => run compose; > kubectl delete
      compose run --entrypoint 'sh -c' web kubectl => run compose; > sh -c kubectl
    `),
  )('hands it on in `%s`', (text, expected) => {
    expect(said(docker, text)).toBe(expected);
  });

  it('knows the options of podman, nerdctl and docker-compose', () => {
    expect(said(podman, '--remote --url u exec -l kubectl delete')).toBe('exec container; > delete; > kubectl delete');
    expect(said(podman, 'run --replace --tz local --pod p alpine kubectl delete')).toContain('> kubectl delete');
    expect(said(podman, `run --entrypoint '["kubectl","delete"]' alpine ns x`)).toContain('> kubectl delete ns x');
    expect(said(podman, 'unshare kubectl delete')).toContain('> kubectl delete');
    expect(said(podman, 'machine ssh default kubectl delete')).toContain('> kubectl delete');
    expect(said(nerdctl, '-n k8s.io exec web kubectl delete')).toBe('exec container; > kubectl delete');
    expect(said(dockerCompose, '-f a.yml run web kubectl delete')).toBe('run compose; > kubectl delete');
  });

  it.each([
    'exec $C kubectl delete',
    'exec -u $U web kubectl delete',
    'exec --bogus web kubectl delete',
    'run $OPTIONS alpine sh',
    'run -e $X foo bitnami/kubectl delete deploy x',
    'run --bogus alpine sh',
    'run --entrypoint "$E" alpine',
    'compose -f $F ps',
    `compose run --entrypoint "sh -c 'x'" web`,
    '$X ps',
    '"$X" ps',
    '-H $HOST ps',
    '--bogus ps',
    'container $X',
    'container --bogus ls',
  ])('does not decide `%s`', (text) => {
    expect(said(docker, text)).toMatch(/^unknown\./);
  });
});

describe('docker: other writes', () => {
  it.each(
    cases(`
      rm -f $(docker ps -aq) => rm container (force)
      rm --force web => rm container (force)
      rmi -nf image => rm image
      image rm -f image => rm image (force)
      system prune -af => prune system (force all)
      system prune --filter until=24h => prune system
      volume prune => prune volume
      image prune => prune image
      build -t a:b . => build image
      stop web => stop container
      stop/kill $(docker ps) => plugin plugin; > docker-stop/kill $(docker ps)
      scout cves x => plugin plugin; > docker-scout cves x
      compose up -d => up compose
      compose down -v => down compose
      compose config -o out.yml => config compose
      stack down x => rm stack
      swarm leave --force => leave swarm
      context use prod => use context
      login registry => login
      cp web:/a b => cp container
      save -o x image => save image
      buildx build . => build buildx
      buildx inspect --bootstrap => inspect buildx
      swarm join-token --rotate worker => join-token swarm
    `),
  )('reads `%s` as %s', (text, expected) => {
    expect(said(docker, text)).toBe(expected);
    expect(effects(docker, text)).toEqual(['write']);
  });
});

describe('docker: reads', () => {
  it.each([
    ...['ps', 'ps -a -f status=exited', 'ps --filter name=drop', 'container ls', 'container ps', 'images delete'],
    ...['image ls', 'images -f dangling=true', 'network ls', 'volume ls -q -f dangling=true', 'logs -f web', 'logs $C'],
    ...[
      'inspect web',
      'stats --no-stream',
      'top web aux',
      'port web',
      'diff web',
      'history image',
      'system df',
      'info',
    ],
    ...['version', '--version', '--help', 'run --help', 'rm --help', 'help rm', 'events', 'search delete', ''],
    ...['compose ps', 'compose logs service_name', 'compose -f a.yml config', 'compose ls', 'compose top', 'compose'],
    ...['context ls', 'stack services x', 'service ps x', 'node ls', 'buildx ls', 'buildx --builder x du', 'container'],
  ])('takes `%s` for one', (text) => {
    expect(effects(docker, text)).toEqual(['read']);
  });
});

describe('docker: the grammar', () => {
  const options = [
    ['--rm'],
    ['-it'],
    ['-e', 'A=b'],
    ['-eA=b'],
    ['--env=A=b'],
    ['--name', 'x'],
    ['-v', '/a:/b'],
    ['-P'],
  ];
  const spread = fc.shuffledSubarray(options).map((chosen) => chosen.flat());

  it('finds the command inside wherever the options stand', () => {
    fc.assert(
      fc.property(spread, (before) => {
        const reading = docker.read(['run', ...before, 'alpine', 'sh', '-c', 'x', '--rm'].map(literal));
        expect(reading).toEqual(docker.read(argv('run alpine sh -c x --rm')));
      }),
    );
  });

  it('never takes a command that it does not know for a read, and never throws', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{3,9}x$/), fc.array(fc.string()), (verb, after) => {
        for (const level of [[], ['compose'], ['container'], ['buildx'], ['volume']]) {
          const words = [...level, verb, ...after.filter((word) => word !== '--help')].map(literal);
          const reading = docker.read(words);
          if (reading.kind === 'read') expect(reading.actions.map(({ effect }) => effect)).toContain('write');
        }
      }),
    );
  });

  it('never throws on words of its own, and is linear', () => {
    const own = fc.constantFrom(
      'run',
      'exec',
      'compose',
      '-',
      '--',
      '--entrypoint',
      '[',
      '-e',
      'alpine',
      'rm',
      '--rm',
      '',
    );
    fc.assert(fc.property(fc.array(own), (words) => void docker.read(words.map(literal))));
    const start = performance.now();
    docker.read(['run', ...Array.from({ length: 100_000 }, () => '-eA'), 'alpine', 'sh'].map(literal));
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});
