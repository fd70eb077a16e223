import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kubectl } from '../../../policies/never-allow/programs/kubectl.ts';
import { literal, type Word } from '../../../policies/never-allow/word.ts';
import { argv, cases, said } from './argv.ts';

const deletesDeployment = (words: readonly Word[]): boolean => {
  const reading = kubectl.read(words);
  if (reading.kind === 'unknown') return true;
  return reading.actions.some(({ verb, object }) => verb === 'delete' && ['deployment', '*'].includes(object));
};

describe('kubectl: the deletion of a Deployment', () => {
  it.each([
    'delete deployment web',
    'delete deploy web',
    'delete Deployments web',
    'delete DEPLOYMENT/web',
    'delete deployments.apps web',
    'delete deployments.v1.apps web',
    'delete deployment.v1.apps/web',
    'delete deployments.extensions/web',
    'delete deployments.ap web',
    'delete deploy/web deploy/api',
    'delete pod/x deploy/web',
    'delete pods,deployments -l app=web',
    'delete deploy,svc --all -n shop',
    'delete all --all',
    'delete pods,all --all',
    'delete -- deploy web',
    'delete --all deployments',
    'delete -l app=web deploy',
    'delete deploy web --cascade orphan',
    'delete -oname deploy web',
    '-n prod delete deploy web',
    '-nprod -v4 delete deploy web',
    '--namespace=prod delete deploy web',
    '--request_timeout 5 delete deploy web',
    'delete pods x --raw /apis/apps/v1/namespaces/shop/deployments/web',
    'delete --raw=/apis/apps/v1/namespaces/shop/deployments?labelSelector=a',
    'delete --raw /apis/apps/v1/namespaces/shop/%64eployments/web',
    'delete --raw /apis/apps/v1//namespaces/shop/deployments/web',
    'delete --raw /apis/apps/v1/x/../namespaces/shop/deployments/web',
    'delete -f web.yaml',
    'delete -k overlays/prod',
    'delete -Rf manifests',
    'delete ns shop',
    'delete namespace/shop',
    'delete --raw /api/v1/namespaces/shop',
    'replace --force -f web.yaml',
    'apply --prune --all -f web.yaml',
  ])('sees it in `%s`', (text) => {
    expect(kubectl.read(argv(text)).kind).toBe('read');
    expect(deletesDeployment(argv(text))).toBe(true);
  });

  it.each(
    cases(`
      --force deployment delete web => delete deployment (force); deployment delete (force)
      --force pod delete web => delete pod (force); pod delete (force)
      --help=false delete deploy web => delete deployment
      --dry-run deployment delete web => delete deployment (dry-run); deployment delete (dry-run)
    `).map(([text]) => text),
  )('sees what cobra makes of an option before the verb: `%s`', (text) => {
    const reading = kubectl.read(argv(text));
    const deleted = reading.kind === 'read' ? reading.actions.filter(({ verb }) => verb === 'delete') : [];
    expect(deleted.map(({ object }) => object)).toEqual([/\bpod\b/.test(text) ? 'pod' : 'deployment']);
  });

  it.each([
    'delete $KIND web',
    'delete "$KIND" web',
    'delete deplo"$X" web',
    'delete pod $NAME',
    'delete pod "$NAME"',
    'delete pod/$NAME',
    'delete -- pod/$NAME',
    'delete -n $NS pod web',
    'delete pod web $FLAGS',
    'delete pod web --raw=$PATH_OF_IT',
    'delete pod web --raw "$PATH_OF_IT"',
    'delete --bogus deploy pod web',
    '--context $X delete deployment y',
    '--context $X get delete deployment y',
    '-n"$NS" delete pod x',
    '$VERB deployment web',
    '"$VERB" deployment web',
    'dele$X deployment web',
    '--bogus delete pod x',
    'rollout $VERB deploy/web',
    'apply -f web.yaml $FLAGS',
    'replace -f $FILE',
    '$@',
  ])('does not decide `%s`', (text) => {
    expect(said(kubectl, text)).toMatch(/^unknown\./);
  });

  it.each([
    'delete pod web-7d9c',
    'delete pods,services -l app=deployment',
    'delete pod deployment',
    'delete svc/deploy',
    'delete pod/"$NAME"',
    'delete pod -- "$NAME"',
    'delete pod -n "$NS" web',
    'delete pod --selector=app="$APP"',
    'delete rs web-7d9c',
    'delete --raw /api/v1/namespaces/shop/pods/web',
    'delete --raw /api/v1/namespaces/deployments/pods/web',
    '--force delete pod nginx',
    'delete pod nginx --dry-run client',
    'scale deploy/web --replicas=0',
    'patch deploy web -p {}',
    'rollout restart deploy/web',
    'apply -f web.yaml',
    'create -f web.yaml',
    'drain node-3 --ignore-daemonsets',
  ])('does not see it in `%s`, which is another write', (text) => {
    const reading = kubectl.read(argv(text));
    expect(reading.kind === 'read' && reading.actions.some(({ effect }) => effect === 'write')).toBe(true);
    expect(deletesDeployment(argv(text))).toBe(false);
  });
});

describe('kubectl: other writes', () => {
  it.each(
    cases(`
      delete pod web => delete pod
      delete pod --all -A --force => delete pod (all all-namespaces force)
      delete certificates.v1.cert-manager.io web => delete certificates.cert-manager.io
      delete -f - => delete *; < manifest
      apply -f - --dry-run=server => apply * (dry-run); < manifest
      apply -f x.yaml --dry-run=none => apply *
      replace --raw /apis/apps/v1/namespaces/shop/deployments/web -f x => replace deployment (raw)
      create deployment web --image=x => create deployment
      create secret generic s => create secret
      create rolebinding a --user=u --clusterrole=admin => create rolebinding
      create serviceaccount jenkins => create serviceaccount
      config use-context prod => config-use-context
      config set-credentials u --exec-command=sh --exec-arg=-c --exec-arg=x => config-set-credentials; > sh -c x
      set image deploy/web a=b => set-image deployment
      rollout undo deployment web => rollout-undo deployment
      rollout --x restart deploy/web => ?rollout * (unknown-option); rollout-restart * (unknown-option)
      label pod nginx a=b => label pod
      label --list pod nginx a=b => label pod
      scale --replicas=3 deployment/$NAME => scale *
      cordon node1 => cordon node
      cp mypod:/tmp/foo /tmp/bar => cp pod
      certificate approve csr1 => certificate-approve certificatesigningrequest
      auth reconcile -f x => auth-reconcile
      proxy --port=8001 => proxy
      neat get pods => plugin neat; > kubectl-neat get pods
      alpha debug pod/nginx => alpha debug; alpha pod
      convert -f pod.yaml => plugin convert; > kubectl-convert -f pod.yaml
      foo -- kubectl delete ns x => plugin foo; > kubectl-foo -- kubectl delete ns x
      kustomize . -o out.yaml => kustomize
      kustomize --enable-helm . => kustomize
      kustomize $DIR => kustomize
      cluster-info dump --output-directory=/tmp/d => cluster-info-dump
      cluster-info dump --bogus => cluster-info-dump (unknown-option)
      get pods --profile=cpu --profile-output=x => ?get pod; write-file
    `),
  )('reads `%s` as %s', (text, expected) => {
    expect(said(kubectl, text)).toBe(expected);
  });

  it.each(
    cases(`
      exec web -- kubectl delete deploy x => exec pod; > kubectl delete deploy x
      exec -it deploy/web -c app -- sh -c 'rm x' => exec deployment; > sh -c rm x
      exec web ls => exec pod; > ls
      create job x --image=i -- kubectl delete deploy x => create job; > kubectl delete deploy x
      debug node/n1 -it --image=busybox -- chroot /host kubectl delete => debug node; > chroot /host kubectl delete
      run x --image=busybox --command -- sh -c y => run pod; > sh -c y
      run x --image=busybox -- sh -c y => run pod; > sh -c y
      run x --image=docker.io/bitnami/kubectl:1.36 -- delete deploy x => run pod; > delete deploy x; > kubectl delete deploy x
      run x --image=bitnami/kubectl@sha256:0 -- -n a delete deploy x => run pod; > kubectl -n a delete deploy x
      run nginx --image=nginx => run pod
    `),
  )('hands on what a container is told to run: `%s`', (text, expected) => {
    expect(said(kubectl, text)).toBe(expected);
  });
});

describe('kubectl: reads', () => {
  it.each([
    'get pods',
    'get deploy delete',
    'get deploy delete-worker -n prod',
    'get pods -l app=$APP -n $NS',
    'get pods -o=jsonpath={.items[*]} -w',
    'get --raw /apis/apps/v1/namespaces/x/deployments',
    '--token=x --as=system:serviceaccount:default:deployer get pods',
    '-A get pods',
    'describe pod nginx',
    'logs -f deploy/web --tail=10',
    'explain deployment.spec.strategy',
    'top pods -l app=drop-table',
    'auth can-i delete deployments',
    'config view --flatten',
    'rollout status deploy/web',
    'rollout history deploy/web',
    'diff -f web.yaml',
    'wait --for=delete deploy/web',
    'apply view-last-applied deploy/web',
    'set env deploy/web --list',
    'kustomize ./',
    'cluster-info dump',
    'delete deploy web --help',
    'help delete deploy web',
    '-- delete deploy web',
    '--help',
    '',
  ])('takes `%s` for one', (text) => {
    const reading = kubectl.read(argv(text));
    expect(reading.kind === 'read' && reading.actions.every(({ effect }) => effect === 'read')).toBe(true);
  });
});

describe('kubectl: the grammar', () => {
  const options = [['-n', 'shop'], ['--namespace=shop'], ['-v=4'], ['--context', 'c'], ['--request-timeout', '5']];
  const spread = fc.shuffledSubarray(options).map((chosen) => chosen.flat());

  it('reads the same deletion wherever the options stand', () => {
    fc.assert(
      fc.property(spread, spread, spread, (before, between, after) => {
        const words = [...before, 'delete', ...between, 'deploy', 'web', ...after].map(literal);
        expect(kubectl.read(words)).toEqual(kubectl.read(argv('delete deploy web')));
      }),
    );
  });

  it('never takes a word that is not literal for a verb', () => {
    fc.assert(
      fc.property(spread, fc.constantFrom('', 'get', 'g'), fc.boolean(), (before, prefix, splits) => {
        const word: Word = { kind: 'unknown', text: `${prefix}$X`, prefix, splits };
        expect(kubectl.read([...before.map(literal), word, literal('deploy')]).kind).toBe('unknown');
      }),
    );
  });

  it('never takes a verb that it does not know for a read', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{3,9}x$/), spread, (verb, after) => {
        const reading = kubectl.read([literal(verb), ...after.map(literal)]);
        expect(reading.kind === 'read' && reading.actions.map(({ verb: said }) => said)).toEqual(['plugin']);
      }),
    );
  });

  it('says the same of a joined and of a separate value', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{1,8}$/), (value) => {
        const spelt = [
          ['-n', value],
          [`-n${value}`],
          [`-n=${value}`],
          ['--namespace', value],
          [`--namespace=${value}`],
        ];
        const readings = spelt.map((words) => kubectl.read([...words, 'delete', 'pod', 'x'].map(literal)));
        for (const reading of readings) expect(reading).toEqual(readings[0]);
      }),
    );
  });

  it('never throws, and is linear', () => {
    const word = fc.oneof(
      fc.constantFrom(
        'delete',
        'deploy',
        'get',
        '--',
        '-f',
        '--raw',
        '-',
        '--force',
        '-n',
        'rollout',
        '',
        'create',
        '-A=',
      ),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(word), (words) => {
        kubectl.read(words.map(literal));
        kubectl.read(words.map((text) => ({ kind: 'unknown', text, prefix: text, splits: text.length % 2 === 0 })));
      }),
    );
    const long = ['delete', ...Array.from({ length: 100_000 }, (_, at) => (at % 2 === 0 ? '-n' : 'a/b'))].map(literal);
    const start = performance.now();
    kubectl.read(long);
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});
