import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTerraformPlan } from '../../../policies/never-allow/terraform-plan.ts';
import { verdictOf } from './support/verdict.ts';

const change = (...actions: unknown[]) => ({ address: 'a.b', change: { actions } });
const plan = (changes: unknown, more: object = {}) => ({
  format_version: '1.2',
  planned_values: {},
  resource_changes: changes,
  ...more,
});
const verdict = (value: unknown) => verdictOf(readTerraformPlan(value));

describe('a plan as JSON', () => {
  it.each([
    ['deletes', plan([change('create'), change('delete')])],
    ['replaces', plan([change('delete', 'create')])],
    ['replaces before it deletes', plan([change('create', 'delete')])],
    ['defers a delete', plan([], { deferred_changes: [{ reason: 'x', resource_change: change('delete') }] })],
  ])('is on the floor when it %s', (_, value) => expect(verdict(value)).toBe('floor'));

  it.each([
    ['no object', null],
    ['a list', []],
    ['a state', { format_version: '1.0', values: {} }],
    ['another format', plan([], { format_version: '2.0' })],
    ['no format', plan([], { format_version: undefined })],
    ['an errored plan', plan([], { errored: true })],
    ['changes that are no list', plan({ 0: change('create') })],
    ['an unknown action', plan([change('obliterate')])],
    ['no actions', plan([change()])],
    ['actions of another type', plan([change(['delete'])])],
    ['an action in capitals', plan([change('DELETE')])],
    ['a change without an address', plan([{ change: { actions: ['create'] } }])],
    ['a deferred change without a change', plan([], { deferred_changes: [{}] })],
    ['invoked actions', plan([], { action_invocations: [] })],
  ])('is unknown: %s', (_, value) => expect(verdict(value)).toBe('unknown.terraform-plan'));

  it('is a write when it only creates, updates, forgets and reads', () => {
    expect(verdict(plan([change('create'), change('update'), change('read'), change('no-op'), change('forget')]))).toBe(
      'write',
    );
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(verdict(value)).toBe('unknown.terraform-plan');
        expect(verdict(plan([value]))).toMatch(/unknown|write|floor/);
      }),
    );
  });
});

const here = spawnSync('terraform', ['version']).status === 0;

describe.skipIf(!here)('a plan that terraform itself made', () => {
  const dir = mkdtempSync(join(tmpdir(), 'holdpoint-plan-'));
  const run = (...args: string[]): string =>
    execFileSync('terraform', args, {
      cwd: dir,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, CHECKPOINT_DISABLE: '1' },
    });
  const write = (text: string) => writeFileSync(join(dir, 'main.tf'), text);
  const planned = (...args: string[]): unknown => {
    run('plan', '-out=tfplan', '-input=false', ...args);
    return JSON.parse(run('show', '-json', 'tfplan'));
  };
  const made = 'resource "terraform_data" "a" {\n  input = "x"\n  triggers_replace = "1"\n}\n';

  beforeAll(() => {
    write(made);
    run('init', '-input=false');
  }, 60_000);
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('is judged by what it does', () => {
    expect(verdict(planned())).toBe('write');
    run('apply', '-auto-approve', '-input=false');
    expect(verdict(planned())).toBe('write');
    write(made.replace('"x"', '"y"'));
    expect(verdict(planned())).toBe('write');
    write(made.replace('"1"', '"2"'));
    expect(verdict(planned())).toBe('floor');
    write('');
    expect(verdict(planned())).toBe('floor');
    write(made);
    expect(verdict(planned('-destroy'))).toBe('floor');
    expect(verdict(planned('-replace=terraform_data.a'))).toBe('floor');
    expect(verdict(JSON.parse(run('show', '-json')))).toBe('unknown.terraform-plan');
  }, 120_000);
});
