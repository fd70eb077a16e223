import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ArchiveConfig } from '../../contracts/config.ts';

const dir = join(import.meta.dirname, '..', '..', 'deploy', 'aws');
const read = (name: string): string => readFileSync(join(dir, name), 'utf8');
const terraform = read('main.tf');
type Statement = {
  readonly Effect: string;
  readonly Principal?: string;
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
};
const statementsOf = (name: string): readonly Statement[] =>
  (JSON.parse(read(name)) as { Statement: Statement[] }).Statement;
const actionsOf = (name: string): string[] => statementsOf(name).flatMap(({ Action }) => [Action].flat());
const policies = readdirSync(dir).filter((name) => name.endsWith('.json'));

describe('the policies of deploy/aws', () => {
  it('are all included by the Terraform file, with every word that they leave open', () => {
    const included = [...terraform.matchAll(/templatefile\("\$\{path\.module\}\/([a-z-]+\.json)", local\.filled\)/g)];
    expect(included.map((match) => match[1]).sort()).toEqual([...policies].sort());
    const filled = /filled = \{ (.+) \}/.exec(terraform)?.[1] ?? '';
    for (const name of policies)
      for (const [, word] of read(name).matchAll(/\$\{([a-z_]+)\}/g)) expect(filled).toContain(`${word} = `);
  });
  it.each(['recorder-policy.json', 'auditor-policy.json'])('%s allows single actions on this bucket alone', (name) => {
    for (const { Effect, Resource, Condition } of statementsOf(name)) {
      expect([Effect, Condition]).toEqual(['Allow', undefined]);
      for (const one of [Resource].flat()) expect(one).toMatch(/^\$\{bucket_arn\}(\/\*)?$/);
    }
    expect(actionsOf(name).filter((action) => /[*?]|Delete|Bypass|LegalHold|Policy|Acl/.test(action))).toEqual([]);
  });
  it('let the recorder put records, and change no setting of the bucket', () => {
    const puts = actionsOf('recorder-policy.json').filter((action) => action.startsWith('s3:Put'));
    expect(puts).toEqual(['s3:PutObject', 's3:PutObjectRetention']);
  });
  it('let the auditor change nothing', () => {
    expect(actionsOf('auditor-policy.json').filter((action) => !/^s3:(Get|List)/.test(action))).toEqual([]);
  });
  it('refuse everybody plain HTTP, writing over, an unlocked put, a short lock and every delete', () => {
    const denials = statementsOf('bucket-policy.json');
    for (const { Effect, Principal } of denials) expect([Effect, Principal]).toEqual(['Deny', '*']);
    expect(denials.map(({ Condition }) => Condition)).toEqual([
      { Bool: { 'aws:SecureTransport': 'false' } },
      { Null: { 's3:if-none-match': 'true' } },
      { StringNotEquals: { 's3:object-lock-mode': 'COMPLIANCE' } },
      { NumericLessThan: { 's3:object-lock-remaining-retention-days': expect.any(String) } },
      undefined,
    ]);
    expect(denials.at(-1)?.Action).toEqual([
      's3:DeleteObject',
      's3:DeleteObjectVersion',
      's3:BypassGovernanceRetention',
    ]);
  });
});

describe('the bucket of deploy/aws', () => {
  it('is versioned, locked in COMPLIANCE mode for as long as the recorder expects, and closed to the public', () => {
    expect(terraform).toMatch(/object_lock_enabled = true/);
    expect(terraform).toMatch(/versioning_configuration \{\s+status = "Enabled"/);
    expect(terraform).toMatch(/default_retention \{\s+mode = "COMPLIANCE"\s+days = var\.retention_days/);
    const days = /variable "retention_days" \{[^}]*default\s+= (\d+)/.exec(terraform)?.[1];
    const config = ArchiveConfig.parse({ kind: 's3', bucket: 'example-archive', region: 'eu-central-1' });
    expect(config).toMatchObject({ retentionDays: Number(days) });
    for (const block of ['block_public_acls', 'block_public_policy', 'ignore_public_acls', 'restrict_public_buckets'])
      expect(terraform).toMatch(new RegExp(`${block}\\s+= true`));
  });
  it.each([
    ['would lock for less than 90 days', { retentionDays: 89 }],
    ['would send records over plain HTTP', { endpoint: 'http://s3.example.com' }],
    ['names no bucket', { bucket: '../elsewhere' }],
    ['hides a path in its prefix', { prefix: 'a/../b' }],
    ['has a credential in its file', { secretAccessKey: 'x' }],
  ])('refuses a recorder that %s', (_what, change) => {
    const config = { kind: 's3', bucket: 'example-archive', region: 'eu-central-1', ...change };
    expect(ArchiveConfig.safeParse(config).success).toBe(false);
  });
});
