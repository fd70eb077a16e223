import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { curl } from '../../../policies/never-allow/programs/curl.ts';
import { wget } from '../../../policies/never-allow/programs/wget.ts';
import { literal } from '../../../policies/never-allow/word.ts';
import { argv, cases, said } from './argv.ts';

const api = 'https://h/apis/apps/v1/namespaces/shop/deployments';

describe('curl: the deletion of a Deployment', () => {
  it.each([
    `-X DELETE ${api}/web`,
    `-XDELETE ${api}/web`,
    `--request delete ${api}?a=b`,
    `--request DELETE ${api}/web`,
    `-sSkXDELETE ${api}/web`,
    `${api}/web -X GET -X DELETE`,
    `https://h/ok --next -X DELETE ${api}/web`,
    `-X DELETE https://h/ok ${api}/web`,
    `-X DELETE --url ${api}/web`,
    '-X DELETE localhost:8001/apis/apps/v1/namespaces/shop/deployments/web',
    '-X DELETE http://[::1]:8001/apis/extensions/v1beta1/namespaces/shop/deployments/web?a=b',
    '-X DELETE https://rancher/k8s/clusters/c1/apis/apps/v1/namespaces/shop/deployments/web',
    '-X DELETE https://h/apis/apps/v1/namespaces/shop/deployment[s-s]/web',
    '-X DELETE https://h/{apis}/apps/v1/namespaces/shop/deployments/web',
    '-X DELETE https://h/apis/apps/v1/namespaces/shop/%64eployments/web',
    '-X DELETE https://h/%61pis/apps/v1/namespaces/shop/deployments/web',
    '-X DELETE https://h/apis/apps/v1/namespaces/x/../shop/deployments/web',
    '-X DELETE https://h/api/v1/namespaces/shop',
    `-X POST -H 'X-HTTP-Method-Override: DELETE' ${api}/web`,
    '-X DELETE --request-target /apis/apps/v1/namespaces/shop/deployments/web https://h',
  ])('sees it in `curl %s`', (text) => {
    expect(said(curl, text)).toMatch(/\bdelete (deployment|\*)( |$)/);
  });

  it('sees it in what wget sends', () => {
    expect(said(wget, `--method=DELETE -O- ${api}/web`)).toBe('http-delete; delete deployment (raw)');
  });

  it.each([
    '-X DELETE $URL',
    '-X DELETE "$URL"',
    '-X DELETE -- "$URL"',
    '-X POST -- "$URL"',
    '-X POST -d @x -- "$URL"',
    '-X DELETE https://h/apis/apps/v1/namespaces/shop/"$KIND"',
    '-X "$METHOD" https://h',
    '$URL',
    '"$URL"',
    'https://$HOST/healthz',
    '-X DELETE https://h/x?y*',
    '-s $OPTIONS https://h',
    '"$X" https://h',
    '-H "$HEADER" https://h',
    '-K - https://h',
    '-K "$FILE"',
    '-X POST "$URL"',
    '-X POST -d @batch.xml "$URL"',
    '-T file "$URL"',
    '--expand-url https://h',
    '--bogus https://h',
  ])('does not decide `curl %s`', (text) => {
    expect(said(curl, text)).toMatch(/^unknown\./);
  });

  it.each([
    '--method="$M" https://h',
    '-e use_askpass=sh https://h',
    '$URL',
    '--bogus https://h',
    '--method=DELETE "$URL"',
  ])('does not decide `wget %s`', (text) => {
    expect(said(wget, text)).toMatch(/^unknown\./);
  });
});

describe('curl and wget: S3 over HTTP', () => {
  it.each(
    cases(`
      -X POST https://b.s3.amazonaws.com/?delete -d @x.xml => http-post; delete objects (recursive batch)
      -X POST https://b.s3.amazonaws.com/ --url-query delete => http-post; delete objects (recursive batch)
      -X PUT https://b.s3.amazonaws.com/?lifecycle -T x.xml => http-put; delete objects (recursive lifecycle)
      -X PUT https://h/b?lifecycle -d '<Expiration><Days>1</Days></Expiration>' => http-put; delete objects (recursive lifecycle)
      -X PUT https://h/b?lifecycle -d '<Transition/>' => http-put
      -X DELETE https://b.s3.amazonaws.com/key => http-delete
    `),
  )('reads `curl %s` as %s', (text, expected) => {
    expect(said(curl, text)).toBe(expected);
  });
});

describe('curl and wget: other writes', () => {
  it.each(
    cases(`
      -X DELETE https://h/api/v1/users/5 => http-delete
      -X DELETE https://gitlab/api/v4/projects/5 => http-delete
      -X DELETE https://h/apis/apps/v1/namespaces/shop/replicasets/x => http-delete; delete replicaset (raw)
      -d a=b https://h => http-post
      --json {} -- "$URL" => http-post
      -F f=@x https://h => http-post
      -T x https://h => http-put
      -X PURGE https://h => http-custom
      -o x https://h => write-file; ?http-get
      -o "$F" https://h => write-file; ?http-get
      -O https://h/x => write-file; ?http-get
      -c jar https://h => write-file; ?http-get
      -D headers https://h => write-file; ?http-get
      -K file https://h => write-file; ?http-get
      gopher://h/_x => http-get
      -Q 'DELE x' ftp://h => write-file; ?http-get
    `),
  )('reads `curl %s` as %s', (text, expected) => {
    expect(said(curl, text)).toBe(expected);
  });

  it.each(
    cases(`
      https://h/x => ?http-get; write-file
      -O out https://h => ?http-get; write-file
      -r https://h => ?http-get; write-file
      -nv -O - -o log https://h => ?http-get; write-file
      -qO- --post-data=a https://h => http-post
      -qO- --use-askpass=sh https://h => ?http-get; > sh
    `),
  )('reads `wget %s` as %s', (text, expected) => {
    expect(said(wget, text)).toBe(expected);
  });
});

describe('curl and wget: reads', () => {
  it.each([
    ...[
      'https://h',
      '-s https://h/delete',
      '-fsSL -m 5 https://h',
      '-I https://h',
      '-o /dev/null -w %{http_code} https://h',
    ],
    ...[
      '-H "Authorization: Bearer $T" https://h',
      '-G -d q=up https://h/api/v1/query',
      '-XGET -d {} https://h/_search',
    ],
    ...[
      '-- "$URL"',
      'https://h/api?query*',
      'https://"$HOST"/healthz',
      '-D - https://h',
      '-k --cacert ca.crt https://h/apis/apps/v1/deployments',
      '--version',
    ],
  ])('takes `curl %s` for one', (text) => {
    expect(said(curl, text)).toMatch(/^(\?http-(get|head)|)$/);
  });

  it.each([
    '-qO- https://h',
    '-O - https://h',
    '--spider https://h',
    '-q -O /dev/null https://h',
    '-qO- -- "$URL"',
    '-qO- https://h/api?query*',
    '-e robots=off -O- https://h',
  ])('takes `wget %s` for one', (text) => {
    expect(said(wget, text)).toBe('?http-get');
  });
});

describe('curl: the grammar', () => {
  const options = [
    ['-s'],
    ['-k'],
    ['-H', 'A: b'],
    ['-HA: b'],
    ['-m', '5'],
    ['--cacert', 'f'],
    ['-u', 'a:b'],
    ['--retry', '3'],
    ['-w', '%{x}'],
  ];
  const spread = fc.shuffledSubarray(options).map((chosen) => chosen.flat());

  it('reads the same request wherever the options stand', () => {
    fc.assert(
      fc.property(spread, spread, spread, (before, between, after) => {
        const words = [...before, '-X', 'DELETE', ...between, `${api}/web`, ...after].map(literal);
        expect(curl.read(words)).toEqual(curl.read(argv(`-X DELETE ${api}/web`)));
      }),
    );
  });

  it('never throws, and is linear in requests', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.constantFrom('-X', '-d', '--next', '-K', '-', 'DELETE', '-H'))),
        (words) => {
          curl.read(words.map(literal));
          wget.read(words.map(literal));
        },
      ),
    );
    const start = performance.now();
    curl.read(Array.from({ length: 60_000 }, (_, at) => literal(['--next', `-XM${at}`, 'https://h'][at % 3] ?? '')));
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});
