import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { codeOf, HoldpointError } from '../../contracts/errors.ts';
import { judge } from '../../policies/gate.ts';
import { loadPolicies } from '../../policies/organisation/load.ts';
import { organisationSchema } from '../../policies/organisation/schema.ts';
import { backend, inputs, policyText, standing, write, writeCall } from './judging.ts';

const only = (...texts: readonly string[]) => loadPolicies([{ name: 'test', text: texts.join('\n') }]);
const permitAll = '@id("all") permit (principal, action, resource);';
const when = (condition: string, id = 'rule') =>
  `@id("${id}") forbid (principal, action, resource) when { ${condition} };`;
const judged = (...texts: readonly string[]) => judge(write({ organisation: only(...texts) }));

describe('organisation policy', () => {
  it('lets pass what a policy permits and none forbids', () => {
    expect(judged(permitAll)).toMatchObject({ kind: 'hold' });
    expect(judge(write())).toMatchObject({ kind: 'hold' });
    expect(judge(inputs())).toMatchObject({ kind: 'read' });
  });

  it('denies what no policy permits: silence is no permission', () => {
    expect(judged(when('context.ring == 7'))).toMatchObject({ kind: 'deny', rule: 'organisation.not-permitted' });
    const reads = '@id("reads") permit (principal, action == Holdpoint::Action::"read", resource);';
    expect(judged(reads)).toMatchObject({ kind: 'deny', rule: 'organisation.not-permitted' });
    expect(judge(inputs({ organisation: only(reads) }))).toMatchObject({ kind: 'read' });
  });

  it.each([
    ['a freeze', 'context.now >= datetime("2026-01-31") && context.now < datetime("2026-02-01")'],
    ['a day of the week', 'context.weekday == 6'],
    ['a scope', 'context.scopes.contains("databases:payments")'],
    ['a ring', 'context.ring >= 2'],
    ['a target', 'context has targetKind && context.targetKind == "backend"'],
    ['a tool', 'resource == Holdpoint::Tool::"postgres.terminateBackend"'],
    ['what cannot be undone', '!resource.reversible'],
    ['a system', 'resource.system == "postgres" && resource.risk == "high"'],
    ['an owner', 'principal.owner like "*" && principal == Holdpoint::Runbook::"postgres-blocked-by-idle-transaction"'],
  ])('forbids by %s, whatever permits', (_what, condition) => {
    const verdict = judged(permitAll, when(condition));
    expect(verdict).toMatchObject({ kind: 'deny', rule: 'organisation.forbidden' });
    expect(verdict.reason).toContain('`rule`');
  });

  it('denies when a policy errs, though Cedar skips an erring forbid and answers allow', () => {
    const errs = when('(context.ring + 1) * 9223372036854775807 > 7');
    expect(judged(permitAll, errs)).toMatchObject({ kind: 'deny', rule: 'organisation.policy-error' });
  });

  it('denies when the request cannot be put to Cedar', () => {
    const rings = {
      ring: 1.5 as never,
      rule: 'x',
      record: null,
      until: null,
      dryRunSince: null,
      trip: null,
      grants: [],
    };
    const odd = write({ standing: { ...standing(2), standing: rings } });
    expect(judge(odd).kind).toBe('deny');
    expect(judge(write({ now: 8.64e15 + 1 })).kind).toBe('deny');
    expect(judge(write({ organisation: { ...only(permitAll), id: 'never-loaded' } }))).toMatchObject({
      kind: 'deny',
      rule: 'organisation.policy-error',
    });
  });

  it('believes no permit that is not among its own', () => {
    const foreign = { ...only(permitAll), permits: new Set<string>() };
    expect(judge(write({ organisation: foreign }))).toMatchObject({ rule: 'organisation.not-permitted' });
  });

  it('is asked after the runbook and before the limits', () => {
    const forbid = only(permitAll, when('true'));
    const never = ['postgres.terminateBackend'];
    const given = write();
    const boundary = { ...given.runbook.runbook.action_boundary, never_allow: never };
    const runbook = { ...given.runbook, runbook: { ...given.runbook.runbook, action_boundary: boundary } };
    expect(judge({ ...given, runbook, organisation: forbid }).rule).toBe('boundary.never-allow');
    const used = { 'postgres.terminateBackend': 50 };
    expect(judge({ ...given, counts: used, organisation: forbid }).rule).toBe('organisation.forbidden');
  });

  it('ships a default under which a fourth irreversible write of one incident is denied', () => {
    const call = writeCall('postgres.terminateBackend', backend());
    const verdict = judge(write({ call, counts: { 'postgres.cancelBackend': 3 } }));
    expect(verdict).toMatchObject({ kind: 'deny', rule: 'organisation.forbidden' });
    expect(verdict.reason).toContain('irreversible-after-others');
  });
});

describe('loading organisation policies', () => {
  const refusal = (text: string): string => {
    try {
      loadPolicies([{ name: 'test', text }]);
    } catch (error) {
      expect(codeOf(error)).toBe('MANIFEST_MISMATCH');
      return error instanceof HoldpointError ? error.message : '';
    }
    throw new Error('expected a refusal');
  };

  it.each([
    ['text that is no policy', `${permitAll}\nnonsense`, /policies\/test:2:9: unexpected end/],
    [
      'an attribute that is not in the schema',
      `${permitAll}\n${when('context.nope == 1')}`,
      /policies\/test:2:\d+: .*nope/,
    ],
    [
      'a tool attribute of another type',
      `${permitAll}\n\n${when('resource.risk == 3 || resource.risk < 3')}`,
      /policies\/test:3:\d+: /,
    ],
    [
      'an unknown action',
      '@id("x") permit (principal, action == Holdpoint::Action::"fly", resource);',
      /:1:\d+: .*fly/,
    ],
    ['a policy without an id', 'permit (principal, action, resource);', /:1:1: expected `@id`/],
    ['an id of odd characters', '@id("A b") permit (principal, action, resource);', /:1:1: expected `@id`/],
    ['one id twice', `${permitAll}\n${permitAll}`, /expected the id `all` once/],
    ['a template', '@id("t") permit (principal == ?principal, action, resource);', /expected no template/],
  ])('refuses %s, naming file, line and column', (_what, text, message) => {
    expect(refusal(text)).toMatch(message);
  });

  it('refuses no policy at all, and takes one id in two files for the same id twice', () => {
    expect(() => loadPolicies([])).toThrow(/at least one file/);
    const twice = [
      { name: 'a', text: permitAll },
      { name: 'b', text: permitAll },
    ];
    expect(() => loadPolicies(twice)).toThrow(/`all` once/);
  });

  it('loads the policy that is shipped', () => {
    expect(loadPolicies([{ name: 'default', text: policyText }]).size).toBe(3);
  });
});

describe('docs/organisation-policy.md', () => {
  const page = readFileSync(new URL('../../docs/organisation-policy.md', import.meta.url), 'utf8');
  const block = (language: string): string => new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(page)?.[1] ?? '';

  it('shows the schema as it is', () => expect(block('cedarschema')).toBe(organisationSchema));

  it('gives examples that load', () => expect(loadPolicies([{ name: 'page', text: block('cedar') }]).size).toBe(3));

  it('names every rule that the gate has for it', () => {
    const gate = readFileSync(new URL('../../policies/gate/organisation.ts', import.meta.url), 'utf8');
    const rules = [...gate.matchAll(/'(organisation\.[a-z-]+)'/g)].map((match) => match[1] ?? '');
    expect(rules.length).toBe(3);
    expect(rules.filter((rule) => !page.includes(`\`${rule}\``))).toEqual([]);
  });
});
