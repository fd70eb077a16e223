import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readInEnvironment } from '../../../policies/never-allow/programs/environment.ts';
import { terraform } from '../../../policies/never-allow/programs/terraform.ts';
import { type Verdict, verdictOf, verdictOn, wordOf } from './support/verdict.ts';

const judges = (verdict: Verdict, cases: readonly string[]) =>
  it.each(cases)(`judges as ${verdict}: terraform %s`, (line) => expect(verdictOn(terraform, line)).toBe(verdict));
const literals = (line: string) => line.split(' ').map((value) => ({ kind: 'literal', value }) as const);

describe('terraform', () => {
  judges('floor', [
    'destroy',
    '-chdir=infra/prod destroy -auto-approve',
    '-chdir="$DIR" destroy',
    'destroy $ARGS',
    'destroy -target=aws_instance.web',
    'apply -destroy',
    'apply -auto-approve -destroy=true -var a=b',
    'apply --destroy',
    'apply -var a=b -destroy tfplan',
    'apply -destroy=false -destroy',
    'apply -destroy="$X"',
    'apply -replace=aws_instance.web',
    'apply -replace aws_instance.web -auto-approve',
    'plan -destroy -out=tfplan',
    'plan -out tfplan --destroy=1',
    'apply -destroy -help=false',
  ]);
  judges('unknown.terraform-command', [
    '$CMD',
    '"$CMD"',
    'des"$X" x',
    'detsroy',
    '-auto-approve destroy',
    '-- destroy',
    'state "$X" a',
  ]);
  judges('unknown.terraform-command', [
    '-chdir=$DIR destroy',
    '-chdir=$DIR plan',
    'state nuke',
    'stacks init',
    '$X -help',
  ]);
  judges('unknown.option', [
    'apply $ARGS',
    'apply "$PLAN"',
    'apply -target=$X',
    'apply -target $X',
    'plan $X',
    'apply -$X',
    'apply -newest x',
    'apply -target $X*',
    'plan -var-file=$DIR/*.tfvars',
  ]);
  judges('write', [
    'apply',
    'apply tfplan',
    'apply -auto-approve -var destroy=1 -target "$X"',
    'apply -var -destroy',
    'apply -destroy=false',
    'taint aws_instance.web',
    'state rm aws_instance.web',
    'state mv "$A" "$B"',
    'state push -force x',
    'import a.b c',
    'workspace delete prod',
    'workspace select "$X"',
    'force-unlock 1',
    'init -migrate-state',
    'refresh',
    'test',
    'providers lock',
    'fmt',
    'fmt -recursive -check=false',
    'plan -replace=a.b -out=p',
    'plan -generate-config-out=x.tf',
  ]);
  judges('read', [
    'plan',
    'plan -var action=destroy',
    'plan -destroy',
    'plan -out=tfplan -no-color',
    '-chdir="$DIR" plan -target "$X" -lock=false',
    'destroy -help',
    'apply -destroy -h',
    '-version',
    '-help',
    'output -raw $NAME',
    'show -json tfplan',
    'state list',
    'state show "$X"',
    'workspace list',
    'providers',
    'providers schema -json',
    'validate',
    'console -var name=value',
    'graph',
    'fmt -check -recursive',
    'fmt -write=false',
  ]);
  judges('unknown.terraform-command', ['-chdir dir destroy']);

  it('passes over an empty word before the command, as terraform does', () => {
    expect(verdictOf(terraform.read([...literals(' -chdir=x'), ...literals(' destroy')]))).toBe('floor');
  });

  it('finds a destroy wherever its option stands', () => {
    const other = fc.constantFrom(
      '-auto-approve',
      '-var x=y',
      '-var-file x',
      '-target=a.b',
      '-lock=false',
      '-parallelism 5',
    );
    const destroy = fc.constantFrom(
      '-destroy',
      '--destroy',
      '-destroy=true',
      '-destroy=T',
      '-destroy=1',
      '--destroy=TRUE',
    );
    fc.assert(
      fc.property(fc.array(other), destroy, fc.array(other), (before, option, after) => {
        const line = ['apply', ...before, option, ...after].join(' ');
        expect(verdictOf(terraform.read(literals(line)))).toBe('floor');
      }),
    );
  });

  it('never throws, and calls no line a read in which an expansion may be the command', () => {
    const piece = fc.constantFrom(
      '-chdir=x',
      '$X',
      '"$X"',
      'plan',
      'apply',
      '-help',
      '--',
      'state',
      'list',
      '-out',
      '-v',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
        const verdict = verdictOf(terraform.read(pieces.map(wordOf)));
        const first = pieces.find((text) => !text.startsWith('-'));
        if (first?.includes('$') === true && pieces[0] === first) expect(verdict).toMatch(/^unknown/);
      }),
    );
  });
});

describe('terraform in its environment', () => {
  const under = (line: string, ...assignments: [string, string][]) =>
    verdictOf(
      readInEnvironment(
        terraform,
        literals(line),
        assignments.map(([name, value]) => ({ name, value: wordOf(value) })),
      ),
    );

  it.each<[Verdict, string, string, string]>([
    ['floor', 'apply', 'TF_CLI_ARGS', '-auto-approve -destroy'],
    ['floor', '-chdir=x apply -no-color', 'TF_CLI_ARGS_apply', '-destroy'],
    ['floor', 'plan -out=p', 'TF_CLI_ARGS_plan', '-destroy'],
    ['floor', 'apply -auto-approve', 'TF_CLI_ARGS', '-replace a.b'],
    ['floor', 'destroy', 'TF_CLI_ARGS', '-help'],
    ['unknown.environment', 'apply', 'TF_CLI_ARGS', '$X'],
    ['unknown.environment', 'apply', 'TF_CLI_ARGS_apply', '"$X"'],
    ['unknown.environment', 'apply', 'TF_CLI_ARGS', "'-des'troy"],
    ['write', 'apply', 'TF_CLI_ARGS_plan', '-destroy'],
    ['write', 'apply', 'TF_VAR_action', 'destroy'],
    ['read', 'state list', 'TF_CLI_ARGS', '-no-color'],
    ['read', 'plan', 'TF_CLI_ARGS', '-no-color'],
  ])('judges as %s: terraform %s under %s=%s', (verdict, line, name, value) => {
    expect(under(line, [name, value])).toBe(verdict);
  });
});
