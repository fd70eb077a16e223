import { runbookText } from './system.ts';

const lines = {
  /** How long recovery is waited for after an incident that changed nothing. */
  settleMsMax: /settleMsMax: \d+/,
  expiryMs: /expiryMs: \d+.*/,
  writesPerIncidentMax: /writesPerIncidentMax: \d+/,
  writesPerHourMax: /writesPerHourMax: \d+/,
} as const;
type Changes = Partial<Record<keyof typeof lines, number>> & {
  readonly terminationsPerIncidentMax?: number;
  readonly readsPerIncidentMax?: number;
};

/** The payments runbook with other numbers; as any change does, it makes another runbook of it. */
export function runbookWith({ terminationsPerIncidentMax, readsPerIncidentMax, ...changes }: Changes): string {
  let text = runbookText;
  const replace = (line: RegExp, by: string) => {
    if (!line.test(text)) throw new Error(`expected ${line} in the runbook`);
    text = text.replace(line, by);
  };
  for (const [name, value] of Object.entries(changes)) replace(lines[name as keyof typeof lines], `${name}: ${value}`);
  if (terminationsPerIncidentMax !== undefined)
    replace(
      /(tool: postgres\.terminateBackend\n {4}scopes: .*\n {4}perIncidentMax:) 1/,
      `$1 ${terminationsPerIncidentMax}`,
    );
  if (readsPerIncidentMax !== undefined) replace(/perIncidentMax: 20$/gm, `perIncidentMax: ${readsPerIncidentMax}`);
  return text;
}
