import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cdktf } from '../../../policies/never-allow/programs/cdktf.ts';
import { readInEnvironment } from '../../../policies/never-allow/programs/environment.ts';
import { terragrunt } from '../../../policies/never-allow/programs/terragrunt.ts';
import { literal } from '../../../policies/never-allow/word.ts';
import { type Verdict, verdictOf, verdictOn } from './support/verdict.ts';

const judges = (verdict: Verdict, cases: readonly string[]) =>
  it.each(cases)(`judges as ${verdict}: terragrunt %s`, (line) => expect(verdictOn(terragrunt, line)).toBe(verdict));

describe('terragrunt', () => {
  judges('floor', [
    'destroy',
    'run-all destroy --terragrunt-non-interactive',
    '--terragrunt-working-dir plan run-all destroy',
    '--working-dir="$X" run --all destroy',
    'run --all -- destroy -auto-approve',
    'run -a apply -destroy',
    'run --all --non-interactive -- apply -auto-approve -destroy',
    'run -- destroy',
    '-- destroy',
    'stack run destroy',
    'stack run -- apply -destroy',
    'graph destroy --graph-root x',
    'destroy-all',
    'apply-all -destroy',
    'apply --terragrunt-source plan -destroy',
    'apply -replace=a.b',
    'plan --terragrunt-out-dir x -out=p -destroy',
    'backend delete --delete-bucket',
  ]);
  judges('unknown.terraform-command', [
    '$X',
    '--newest destroy',
    'run "$X"',
    'run --all -- $X',
    '--config=$X plan',
    'stack "$X"',
    'hcl nuke',
  ]);
  judges('unknown.terraform-command', ['--config $X plan', 'stack', 'frobnicate', 'run --newest plan']);
  judges('unknown.option', ['apply $X', 'run-all apply "$X"', 'apply --newest']);
  judges('unknown.program', ['--tf-path ./evil.sh plan', '--terragrunt-tfpath=/tmp/x plan', '--tf-path "$X" plan']);
  judges('nested', [
    'exec -- aws s3 rm s3://b --recursive',
    'exec --config x -- rm -rf /',
    '--auth-provider-cmd x.sh plan',
  ]);
  judges('write', [
    'apply',
    'run-all apply',
    'run --all apply',
    'hclfmt',
    'hcl fmt',
    'stack generate',
    'backend delete',
    'render-json',
    'render --write',
  ]);
  judges('write', [
    'state rm a.b',
    'import a b',
    'scaffold x',
    'run --all -- apply tfplan',
    'apply --feature destroy=1',
  ]);
  judges('read', [
    'plan',
    'output',
    'show',
    'run-all plan --terragrunt-exclude-dir destroy',
    'run --all plan',
    '--tf-path /usr/bin/tofu run -- plan',
    'destroy --help',
    'hcl validate',
    'hclfmt --terragrunt-check',
    'find',
    'list --format=tree',
    'stack output',
    'plan-all',
    '--version',
  ]);

  it('reads the environment of terraform and its own', () => {
    const under = (line: string, name: string, value: string) =>
      verdictOf(readInEnvironment(terragrunt, line.split(' ').map(literal), [{ name, value: literal(value) }]));
    expect(under('run-all apply', 'TF_CLI_ARGS_apply', '-destroy')).toBe('floor');
    expect(under('run --all -- apply', 'TF_CLI_ARGS', '-destroy')).toBe('floor');
    expect(under('plan', 'TG_TF_PATH', './x.sh')).toBe('unknown.environment');
    expect(under('plan', 'TERRAGRUNT_TFPATH', './x.sh')).toBe('unknown.environment');
    expect(under('plan', 'TG_WORKING_DIR', 'x')).toBe('read');
  });

  it('finds a destroy whatever options of its own stand around it', () => {
    const own = fc.constantFrom(
      '--terragrunt-config plan',
      '--working-dir=x',
      '--non-interactive',
      '--parallelism 4',
      '--log-level plan',
    );
    const destroy = fc.constantFrom(
      'destroy',
      'run-all destroy',
      'run --all destroy',
      'apply -destroy',
      'stack run destroy',
    );
    fc.assert(
      fc.property(fc.array(own), destroy, fc.array(own), (before, command, after) => {
        expect(verdictOn(terragrunt, [...before, command, ...after].join(' '))).toBe('floor');
      }),
    );
  });
});

describe('cdktf', () => {
  const judgesIt = (verdict: Verdict, cases: readonly string[]) =>
    it.each(cases)(`judges as ${verdict}: cdktf %s`, (line) => expect(verdictOn(cdktf, line)).toBe(verdict));
  judgesIt('floor', ['destroy', 'destroy prod --auto-approve']);
  judgesIt('unknown.terraform-command', ['"$X"', '--app x destroy', '']);
  judgesIt('write', ['deploy', 'synth']);
  judgesIt('read', ['diff prod', 'output']);
});
