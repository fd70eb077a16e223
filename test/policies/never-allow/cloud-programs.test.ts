import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { az } from '../../../policies/never-allow/programs/az.ts';
import { gcloud } from '../../../policies/never-allow/programs/gcloud.ts';
import { literal } from '../../../policies/never-allow/word.ts';
import { cases, said } from './argv.ts';

describe('gcloud: writes', () => {
  it.each(
    cases(`
      container clusters delete prod => delete container-clusters; delete * (cascade)
      --project p beta container clusters delete prod -q => delete container-clusters; delete * (cascade)
      sql databases delete app -i main => delete sql-databases; drop table (tables cascade)
      sql instances delete main => delete sql-instances; drop table (tables cascade)
      storage rm -r s3://b/logs => rm storage; delete objects (recursive)
      storage rm --recursive s3://b => rm storage; delete objects (recursive)
      storage rm s3://b/** => rm storage; delete objects (recursive)
      storage rsync --delete-unmatched-destination-objects d s3://b => rsync storage; delete objects (recursive)
      storage rm -r gs://b => rm storage
      storage rm s3://b/key => rm storage
      storage objects delete gs://b/f => delete storage-objects
      compute instances delete list => delete compute-instances
      compute instances stop x => stop compute-instances
      container clusters get-credentials prod => get-credentials container-clusters
      config set project p => set config
      artifacts repositories delete r --location=l => delete artifacts-repositories
      storage => storage
      compute frobnicate list => frobnicate compute
      frobnicate list => frobnicate
      workflows run list => run workflows
      storage cp gs://b/f ./local => cp storage
      compute instances list --flags-file=f => list compute-instances
      compute ssh web --command 'kubectl delete ns x' => ssh compute; > shell: kubectl delete ns x
      compute ssh web --zone z -- kubectl delete => ssh compute; > ssh web kubectl delete
      spanner databases ddl update db --ddl='DROP TABLE x' => update spanner-databases-ddl; > sql: DROP TABLE x
    `),
  )('reads `%s` as %s', (text, expected) => {
    expect(said(gcloud, text.replace('s3://b/**', "'s3://b/**'"))).toBe(expected);
  });

  it.each([
    ...[
      '$X compute instances list',
      'compute $X list',
      'compute instances $VERB x',
      'compute instances "$VERB" x',
      '--project $P compute instances list',
    ],
    ...['--bogus compute instances list', 'storage rm -r "$URL"', 'storage rm $F s3://b', 'compute instances de$X web'],
  ])('does not decide `%s`', (text) => {
    expect(said(gcloud, text)).toMatch(/^unknown\./);
  });
});

describe('gcloud: reads', () => {
  it.each([
    ...[
      'compute instances list',
      '--project=p compute instances list',
      'compute instances describe delete --zone $Z',
      'alpha container clusters list',
    ],
    ...[
      'storage ls gs://b',
      'storage cat gs://b/f',
      'storage buckets describe gs://b',
      'storage objects list gs://b',
      'projects get-iam-policy p',
    ],
    ...[
      'logging read severity=ERROR --limit 5',
      'config list',
      'config get-value project',
      'config configurations list',
      'run services list',
    ],
    ...[
      'iam service-accounts list',
      'sql instances describe x',
      'dns record-sets list -z z',
      'builds log id',
      'functions logs read f',
      'auth list',
    ],
    ...['info', 'version', '--version', 'help compute', 'compute instances delete x --help', 'compute --help', ''],
  ])('takes `%s` for one', (text) => {
    expect(said(gcloud, text)).toMatch(/^\?[^;]+$/);
  });
});

describe('az: writes', () => {
  it.each(
    cases(`
      aks delete -n prod -g rg => delete aks; delete * (cascade)
      --output json aks delete -n prod => delete aks; delete * (cascade)
      sql db delete -n app => delete sql-db; drop table (tables cascade)
      postgres flexible-server db delete -d app => delete postgres-flexible-server-db; drop table (tables cascade)
      aks nodepool delete -n x => delete aks-nodepool
      vm delete -n x => delete vm
      vm start --name list => start vm
      aks get-credentials -n prod => get-credentials aks
      config set list => set config
      config set list show => set config
      login => login
      storage blob delete-batch -s c => delete-batch storage-blob
      aks command invoke -g rg -n prod --command 'kubectl delete deploy x' => invoke aks-command; > shell: kubectl delete deploy x
      aks command invoke -c 'kubectl delete deploy x' -n prod => invoke aks-command; > shell: kubectl delete deploy x
      vm run-command invoke --scripts 'a b' 'c d' -n v => invoke vm-run-command; > shell: a b; > shell: c d
      rest --method delete --url https://h/apis/apps/v1/namespaces/x/deployments/y => http-delete; delete deployment (raw)
      ssh vm --ip h -- kubectl delete => vm ssh; > ssh host kubectl delete
      rest -m post -u https://h --body {} => http-post
    `),
  )('reads `%s` as %s', (text, expected) => {
    expect(said(az, text)).toBe(expected);
  });

  it.each([
    '$X vm list',
    'vm $VERB',
    'vm "$VERB" -n x',
    '-o $O vm list',
    '--bogus vm list',
    'rest --method "$M" --url x',
    'rest --method delete --url "$U"',
  ])('does not decide `%s`', (text) => {
    expect(said(az, text)).toMatch(/^unknown\./);
  });
});

describe('az: reads', () => {
  it.each([
    ...[
      'vm list',
      'vm list -o table --query $Q',
      'vm show -n delete -g rg',
      'aks list',
      'account show',
      'account get-access-token',
    ],
    ...[
      'group exists -n x',
      'storage blob list -c x',
      'monitor log-analytics query -w w',
      'webapp log tail -n x',
      'version',
      '--version',
    ],
    ...[
      'acr repository show-tags -n r',
      '-o json vm list',
      'vm delete --help',
      'rest --url https://h',
      'deployment group what-if -f x',
      '',
    ],
  ])('takes `%s` for one', (text) => {
    expect(said(az, text)).toMatch(/^\?[^;]+$/);
  });
});

describe('gcloud and az: the grammar', () => {
  const spread = fc
    .shuffledSubarray([['--project', 'p'], ['--project=p'], ['--format', 'json'], ['-q'], ['--verbosity=debug']])
    .map((chosen) => chosen.flat());

  it('reads the same wherever the global options of gcloud stand', () => {
    fc.assert(
      fc.property(spread, spread, spread, (before, between, after) => {
        const texts = [...before, 'container', ...between, 'clusters', 'delete', ...after].map(literal);
        const reading = gcloud.read(texts);
        expect(reading.kind === 'read' && reading.actions.map(({ verb }) => verb)).toEqual(['delete', 'delete']);
      }),
    );
  });

  it('never takes a command that it does not know for a read, and never throws', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{3,9}x$/), fc.array(fc.string()), (verb, after) => {
        const rest = after.filter((text) => text !== '--help');
        for (const words of [
          ['compute', verb, ...rest],
          [verb, 'list', ...rest],
          ['compute', 'instances', verb],
        ]) {
          const reading = gcloud.read(words.map(literal));
          if (reading.kind === 'read') expect(reading.actions[0]?.effect).toBe('write');
        }
        az.read([verb, ...after].map(literal));
        expect(said(az, `vm ${verb}`)).toBe(`${verb} vm`);
      }),
    );
    const start = performance.now();
    gcloud.read(Array.from({ length: 50_000 }, () => literal('instances')));
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});
