import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { aws } from '../../../policies/never-allow/programs/aws.ts';
import { readInEnvironment } from '../../../policies/never-allow/programs/environment.ts';
import { literal } from '../../../policies/never-allow/word.ts';
import { loadSqlParser } from '../../../policies/sql/parser.ts';
import { type Verdict, verdictOf, verdictOn, wordOf } from './support/verdict.ts';

const judges = (verdict: Verdict, cases: readonly string[]) =>
  it.each(cases)(`judges as ${verdict}: aws %s`, (line) => expect(verdictOn(aws, line)).toBe(verdict));

describe('aws s3', () => {
  judges('floor', [
    's3 rm s3://b --recursive',
    's3 rm --recursive s3://b/path/ --exclude * --include *.log',
    '--profile ops s3 rm s3://b --recursive --only-show-errors',
    's3 --profile ops --recursive rm s3://b',
    's3 rm s3://b --recurs',
    's3 rm -- s3://b --recursive',
    '--endpoint-url=http://x --region us-east-1 --no-cli-pager s3 rm s3://b --recursive',
    's3 rm s3://b --recursive --dryrun',
    's3 rm s3://b/"$X" --recursive',
    's3 rb s3://b --force',
    's3 mv s3://a s3://b --recursive',
    's3 mv --recursive s3://a /tmp/x',
    's3 mv --recursive "$FROM" --exclude x /tmp/x --recursive'.replace('"$FROM"', 's3://"$FROM"'),
    's3 sync ./backup s3://b/backups/ --delete',
    's3 sync s3://a s3://b --delete --size-only',
  ]);
  judges('unknown.option', [
    's3 rm "$X"',
    's3 rm s3://b $ARGS',
    's3 rm s3://$B',
    's3 rb "$X"',
    's3 sync . "$X"',
    's3 mv s3://a/b "$X"',
    's3 rm s3://b --re',
    's3 rb --forc s3://b',
    's3 sync a s3://b --de',
    's3 rm s3://b --newest',
  ]);
  judges('unknown.aws-command', [
    '$CMD',
    '"$S" rm s3://b',
    's3 "$OP" s3://b --recursive',
    's3 nuke s3://b',
    '--prof$X s3 ls',
    '--newest s3 ls',
  ]);
  judges('unknown.aws-command', ['$X s3 ls', '--profile $X s3 ls', 's3 $X ls', '--p ops s3 ls']);
  judges('write', [
    's3 rm s3://b/one.txt',
    's3 rm s3://b/"$KEY"',
    's3 rb s3://b',
    's3 mb s3://b',
    's3 cp a.txt s3://b/a.txt',
    's3 cp s3://b . --recursive',
    's3 cp "$A" "$B"',
    's3 mv a.txt s3://b/a.txt --recursive',
    's3 mv s3://a/b s3://a/c',
    's3 sync ./dist s3://b/releases/',
    's3 sync s3://b /restore --delete',
    's3 website s3://b --index-document index.html',
    's3 rm s3://b/x --exclude --recursive',
  ]);
  judges('read', [
    's3 ls',
    's3 ls s3://b --recursive --human-readable',
    's3 ls "$X"',
    's3 presign s3://b/k --expires-in 60',
    's3 cp s3://b/k -',
    's3 help',
    '--profile "$P" s3 ls',
    '--version',
    'help',
  ]);

  it('finds a recursive removal whatever options stand where', () => {
    const other = fc.constantFrom(
      ['--profile', 'ls'],
      ['--region=x'],
      ['--quiet'],
      ['--no-paginate'],
      ['--exclude', '*'],
      ['--endpoint-url', 'http://h'],
    );
    const flag = fc.constantFrom('--recursive', '--recursi', '--rec');
    const outer = fc.constantFrom(
      ['--profile', 'help'],
      ['--region=x'],
      ['--no-paginate'],
      ['--debug'],
      ['--output', 'json'],
    );
    fc.assert(
      fc.property(fc.array(outer), fc.array(other), flag, fc.array(other), (first, before, recursive, after) => {
        const argv = [...first.flat(), 's3', 'rm', ...before.flat(), recursive, 's3://b', ...after.flat()];
        expect(verdictOf(aws.read(argv.map(literal)))).toBe('floor');
      }),
    );
  });
});

describe('aws s3api and s3control', () => {
  const rule = (more: object) =>
    JSON.stringify({ Rules: [{ ID: 'x', Status: 'Enabled', Expiration: { Days: 1 }, ...more }] });
  const put = (configuration: string) =>
    `s3api put-bucket-lifecycle-configuration --bucket b --lifecycle-configuration ${configuration}`;
  judges('floor', [
    's3api delete-objects --bucket b --delete file://d.json',
    's3api --region x delete-objects --bucket b --delete Objects=[{Key=a}]',
    put(rule({})),
    put(rule({ Prefix: '' })),
    put(rule({ Filter: {} })),
    put(rule({ Filter: { Prefix: '' } })),
    put(rule({ Filter: { And: { Prefix: '', Tags: [] } } })),
    put(rule({ Filter: { ObjectSizeGreaterThan: 0 } })),
    put(rule({ Expiration: { Date: '2020-01-01' } })),
    's3api put-bucket-lifecycle --bucket b --lifecycle-conf '.concat(rule({})),
    's3control put-bucket-lifecycle-configuration --account-id 1 --bucket b --lifecycle-configuration='.concat(
      rule({}),
    ),
    'lightsail delete-bucket --bucket-name b --force-delete',
  ]);
  judges('unknown.s3-lifecycle', [
    put('file://l.json'),
    put('Rules=[{Expiration={Days=1},Status=Enabled}]'),
    put('"$JSON"'),
    put('{}'),
    put(rule({ Expiration: 1 })),
    's3api put-bucket-lifecycle-configuration --cli-input-json file://x',
    `${put(rule({ Prefix: 'logs/' }))} --cli-input-json {}`,
    `${put(rule({ Prefix: 'logs/' }))} --lifecycle-configuration ${rule({})}`,
  ]);
  judges('write', [
    put(rule({ Prefix: 'logs/' })),
    put(rule({ Filter: { Tag: { Key: 'a', Value: 'b' } } })),
    put(rule({ Status: 'Disabled' })),
    put(rule({ Expiration: { ExpiredObjectDeleteMarker: true } })),
    's3api delete-bucket --bucket b',
    's3api delete-object --bucket b --key k',
    's3api delete-bucket-policy --bucket b',
    's3api put-object --bucket b --key k --body f',
    's3control create-job --account-id 1',
  ]);
  judges('read', [
    's3api list-buckets',
    's3api get-object --bucket b --key k /tmp/f',
    's3api head-object --bucket b --key "$K"',
    's3api list-objects-v2 --bucket $B',
    's3api get-bucket-tagging --bucket b',
    's3api select-object-content --bucket b',
  ]);
});

describe('aws for every other service', () => {
  beforeAll(loadSqlParser);
  judges('floor', [
    'rds-data execute-statement --resource-arn a --sql drop…table…orders',
    'rds-data execute-statement --sql=DROP…TABLE…orders --database d',
    'redshift-data batch-execute-statement --sqls drop…schema…public…cascade',
    'athena start-query-execution --query-string drop…table…orders',
  ]);
  judges('unknown.sql-dialect', ['rds-data execute-statement --sql select…1…/*!;…drop…table…orders…*/']);
  judges('unknown.aws-text', [
    'rds-data execute-statement --sql file://x.sql',
    'rds-data execute-statement --sql "$SQL"',
    'redshift-data batch-execute-statement --sqls select…1 drop…table…orders',
    'rds-data execute-statement --cli-input-json file://x',
    'rds-data execute-statement',
    'ssm send-command --document-name AWS-RunShellScript --parameters commands=a,b',
    "ssm send-command --document-name AWS-RunShellScript --parameters 'commands=[ls]'",
    'ssm start-session --target i --document-name X --parameters "command=$C"',
    'ssm start-session --target i $X',
    'ssm send-command --document-name X',
  ]);
  judges('nested', [
    'ssm send-command --parameters {"commands":["rm…-rf…/"]}',
    'ecs execute-command --cluster c --task t --interactive --command sh',
  ]);
  judges('unknown.aws-command', ['ec2 "$OP"', 'ec2 --newest terminate-instances', '"$SERVICE" list-things']);
  judges('write', [
    'ec2 terminate-instances --instance-ids i-1',
    'ec2 terminate-instances --dry-run --instance-ids "$ID"',
    'rds delete-db-instance --db-instance-identifier x',
    'dynamodb batch-write-item --request-items {}',
    'dynamodb transact-write-items',
    'cognito-idp admin-delete-user --username u',
    'cognito-identity get-id',
    'sqs receive-message',
    'sts assume-role --role-arn x',
    'configure set region x',
    'eks update-kubeconfig --name x',
    'lambda invoke --function-name f out.json',
    'cloudformation deploy',
    'rds-data execute-statement --sql delete…from…orders',
    'ec2 frobnicate',
  ]);
  judges('read', [
    'ec2 describe-instances --filters Name=x',
    'ec2 describe-instances $ARGS',
    'ec2 wait instance-running --instance-ids i-1',
    'dynamodb scan --table-name t',
    'dynamodb batch-get-item --request-items {}',
    'cognito-idp admin-list-devices',
    'sts get-caller-identity',
    'secretsmanager get-secret-value --secret-id x',
    'logs filter-log-events --log-group-name x',
    'logs tail /aws/x --follow',
    'cloudtrail lookup-events',
    'iam simulate-principal-policy --action-names s3:DeleteObject',
    'configure list',
    'rds-data execute-statement --sql select…count(*)…from…orders',
    'ec2 help',
  ]);

  it('is unknown under a configuration of its own', () => {
    const assignment = { name: 'AWS_CONFIG_FILE', value: literal('x') };
    const region = { name: 'AWS_REGION', value: wordOf('$X') };
    expect(verdictOf(readInEnvironment(aws, ['s3', 'ls'].map(literal), [assignment]))).toBe('unknown.environment');
    expect(verdictOf(readInEnvironment(aws, ['s3', 'ls'].map(literal), [region]))).toBe('read');
  });

  it('never throws', () => {
    const piece = fc.oneof(
      fc.constantFrom('s3', 'rm', '--', '--rec', '$X', '"$X"', '--profile', 's3api', '='),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        expect(verdictOf(aws.read(pieces.map(wordOf)))).toMatch(/^(floor|write|read|unknown\..*)$/);
      }),
    );
  });
});
