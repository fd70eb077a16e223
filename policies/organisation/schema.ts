/**
 * What an organisation policy can speak of, in Cedar's own schema language (Cedar 4, docs.cedarpolicy.com/schema). Every
 * policy is validated against it when a manifest is built and again when it is opened: a misspelt attribute never loads.
 */
export const organisationSchema = `namespace Holdpoint {
  // The runbook whose plan the call belongs to.
  entity Runbook = { owner: String };
  // The tool that is called, as the registry describes it.
  entity Tool = { system: String, risk: String, effect: String, reversible: Bool };
  type Call = {
    // The judge's clock, and the day of the week in UTC: 1 is Monday, 7 is Sunday.
    now: datetime,
    weekday: Long,
    ring: Long,
    // What the call falls under, as "databases:payments".
    scopes: Set<String>,
    targetKind?: String,
    // Writes of this incident before this one.
    writesSoFar: Long,
  };
  action write;
  action lowRiskWrite, highRiskWrite in [write] appliesTo { principal: [Runbook], resource: [Tool], context: Call };
  action read appliesTo { principal: [Runbook], resource: [Tool], context: Call };
}
`;
