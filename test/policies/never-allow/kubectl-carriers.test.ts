import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Program } from '../../../policies/never-allow/program.ts';
import { kubectlCarriers } from '../../../policies/never-allow/programs/kubectl-carriers.ts';
import { oc } from '../../../policies/never-allow/programs/oc.ts';
import { literal } from '../../../policies/never-allow/word.ts';
import { argv, cases, said } from './argv.ts';

const named = (name: string): Program => {
  const found = kubectlCarriers.find(({ names }) => names.includes(name));
  if (found === undefined) throw new Error(`no program ${name}`);
  return found;
};
const saidBy = (text: string): string => {
  const [name = '', ...rest] = text.split(' ');
  return said(named(name), rest.join(' '));
};

describe('programs that carry kubectl', () => {
  it.each(
    cases(`
      minikube kubectl -- delete deploy web => > kubectl delete deploy web
      minikube -p prod kubectl -- -n x delete deploy web => > kubectl -n x delete deploy web
      minikube kubectl --ssh -- delete deploy web => > kubectl delete deploy web
      minikube kubectl get pods => > kubectl get pods
      minikube ssh -n m02 -- kubectl delete ns x => ssh minikube; > shell: kubectl delete ns x
      k3s kubectl delete deploy web => > kubectl delete deploy web
      k3s --debug --data-dir /d kubectl get pods => > kubectl get pods
      k0s kc delete deploy web => > kubectl delete deploy web
      microk8s kubectl delete deploy web => > kubectl delete deploy web
      microk8s helm3 uninstall web => > helm3 uninstall web
      microk8s.kubectl delete deploy web => > kubectl delete deploy web
      tsh --proxy=p kubectl delete deploy web => > kubectl delete deploy web
      rancher kubectl delete deploy web => > kubectl delete deploy web
      minikube delete => delete minikube; > delete
      minikube profile prod => profile minikube; > profile prod
      k3s etcd-snapshot save => etcd-snapshot k3s; > etcd-snapshot save
      k3s crictl exec id kubectl delete ns x => crictl k3s; > crictl exec id kubectl delete ns x
      minikube $X => unknown.word
      minikube -p $P status => unknown.word
      k3s --bogus kubectl get pods => unknown.word
      minikube "$X" => unknown.word
      minikube status => ?status minikube
      minikube profile list => ?profile minikube
      microk8s status => ?status microk8s
      k3s => ?help k3s
    `),
  )('reads `%s` as %s', (text, expected) => {
    expect(saidBy(text)).toBe(expected);
  });

  it('never takes a subcommand that it does not know for a read, and never throws', () => {
    const names = kubectlCarriers.flatMap((one) => one.names).filter((name) => !name.includes('.'));
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.stringMatching(/^[a-z]{3,9}x$/),
        fc.array(fc.string()),
        (name, verb, rest) => {
          const reading = named(name).read([verb, ...rest].map(literal));
          if (reading.kind === 'read') expect(reading.actions.map(({ effect }) => effect)).toEqual(['write']);
        },
      ),
    );
  });
});

describe('oc', () => {
  it.each(
    cases(`
      delete deploy web => delete deployment
      delete project shop => delete project; delete deployment (cascade)
      delete dc web => delete deploymentconfig
      --loglevel 5 -n x delete deploy web => delete deployment
      rsh web sh -c 'kubectl delete' => rsh pod; > sh -c kubectl delete
      rsh -c app deploy/web -- ls => rsh deployment; > ls
      rsh -- web ls -l => rsh pod; > ls -l
      exec web -- ls => exec pod; > ls
      observe deploy -- kubectl delete => observe deployment; > kubectl delete
      observe deploy --delete kubectl --delete x -- ls => observe deployment; > ls; > kubectl x
      new-project shop => new-project
      project shop => project
      adm drain node1 => adm-drain node
      adm policy add-role-to-user admin u => adm-policy-add-role-to-user
      rollout latest dc/web => rollout-latest deploymentconfig
      login -u u -p p => login
      rsh $POD ls => unknown.word
      delete $X => unknown.word
      --bogus get pods => ?get * (unknown-option)
      --bogus --other get pods => ?get * (unknown-option)
    `),
  )('reads `%s` as %s', (text, expected) => {
    expect(said(oc, text)).toBe(expected);
  });

  it.each([
    'get pods',
    'status --suggest',
    'projects',
    'whoami -t',
    'adm top node',
    'process -f x -p A=b',
    'logs dc/web',
  ])('takes `%s` for a read', (text) => {
    const reading = oc.read(argv(text));
    expect(reading.kind === 'read' && reading.actions.every(({ effect }) => effect === 'read')).toBe(true);
  });
});
