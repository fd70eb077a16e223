import type { Rules } from '../../policies/manifest.ts';

/** A manifest as one JSON document: what an operator compares between two machines. */
export const summaryOf = (rules: Rules) => ({
  digest: rules.digest,
  version: rules.version,
  mode: rules.mode,
  notAfter: new Date(rules.notAfter).toISOString(),
  runbooks: [...rules.runbooks.values()].map(({ id, digest, runbook }) => ({ id, digest, title: runbook.title })),
  policies: { count: rules.organisation.size, digest: rules.organisation.id },
  people: rules.approvers.people.map(({ person, groups, ssh }) => ({ person, groups, keys: ssh.length })),
  powers: rules.powers.types,
  bundle: rules.bundle,
  judgeBuild: rules.judgeBuild,
});

/** The same for a person. */
export function renderRules(rules: Rules): string[] {
  const { version, mode, digest, notAfter, runbooks, policies, people, powers, bundle, judgeBuild } = summaryOf(rules);
  return [
    `manifest ${version} (${mode}) until ${notAfter}`,
    `digest   ${digest}`,
    ...runbooks.map(({ id, digest: of, title }) => `runbook  ${id}: ${title} (${of})`),
    `policies ${policies.count} of the organisation (${policies.digest})`,
    ...people.map(({ person, groups, keys }) => `person   ${person}: ${groups.join(', ')} (${keys} keys)`),
    ...Object.entries(powers).map(([type, power]) => `power    ${type}: ${power.quorum} of ${power.groups.join(', ')}`),
    `bundle   ${bundle}`,
    `judge    ${judgeBuild}`,
  ];
}
