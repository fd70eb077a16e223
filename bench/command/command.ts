import { judgeCommand } from '../../policies/never-allow/judge-command.ts';
import { loadSqlParser } from '../../policies/sql-read.ts';
import type { Measured, Sides } from '../bench.ts';

const kB = 1_024;
const large = 64;

/** What a deploy script is made of. */
const ordinary = [
  'kubectl get pods -n prod -l app=web -o json | jq -r ".items[].metadata.name" | sort | head -n 5',
  'for p in $(kubectl get pods -o name -n prod); do kubectl logs -n prod "$p" --tail=20; done',
  'if helm status web -n prod >/dev/null 2>&1; then helm history web -n prod; fi',
  "aws s3 ls s3://prod-logs --recursive | awk '{print $4}'",
  'psql -d orders -c "SELECT count(*) FROM orders WHERE state = \'open\'"',
  'terraform -chdir=infra/prod plan -var-file=prod.tfvars -lock=false',
];
/** Each asks for much reading from few characters. */
const hostile: ReadonlyMap<string, (chars: number) => string> = new Map([
  ['quotes', (chars) => `echo ${`''"a"\\b$'\\x63'`.repeat(chars / 14)}`],
  ['substitutions', (chars) => 'echo "$(echo "$(echo a)")"\n'.repeat(chars / 27)],
  ['open quotes', (chars) => `echo "$(`.repeat(chars / 8)],
  ['braces', (chars) => `echo ${'{a,b}'.repeat(3)} `.repeat(chars / 21)],
  ['variables', (chars) => `A=a; ${'B="$A$A$A"; A="$B"; '.repeat(chars / 20)}`],
  ['loops', (chars) => 'for i in 1 2 3; do '.repeat(8) + 'echo "$i"; '.repeat(chars / 11) + '; done'.repeat(8)],
  ['backslashes', (chars) => `kubectl ${'\\g\\e\\t '.repeat(chars / 7)}`],
]);

const filled = (chars: number): string => {
  let text = '';
  for (let at = 0; text.length < chars; at++) text += `${ordinary[at % ordinary.length]}\n`;
  return text;
};

/** The processor's time for texts, in µs for each kB of them: the least of some runs, as whatever disturbs only adds. */
function perKB(texts: readonly string[], runs: number): number {
  const chars = texts.reduce((sum, { length }) => sum + length, 0);
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run++) {
    const before = process.cpuUsage();
    for (const text of texts) judgeCommand(text);
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, user + system);
  }
  return (least * kB) / chars;
}

const measured = (usPerKB: number): Measured => ({
  value: usPerKB,
  note: `${(kB / usPerKB).toFixed(2)} MB/s`,
});

/** Growth is linear where a kB costs as much in a long text as in a short one. */
export async function openCommand(): Promise<Sides> {
  await loadSqlParser();
  const long = [filled(large * kB)];
  const short = Array.from({ length: large }, () => filled(kB));
  const { verdict, rule } = judgeCommand(long[0] ?? '');
  if (verdict !== 'allow') throw new Error(`expected the ordinary text to be allowed, got ${rule}`);
  return {
    subject: async () => measured(perKB(long, 3)),
    peer: async () => measured(perKB(short, 3)),
    aside: async () => [
      'aside, each kB of hostile text:',
      ...[...hostile].map(([name, make]) => {
        const at = (size: number) => measured(perKB([make(size * kB)], 3));
        const [one, all] = [at(1), at(large)];
        return `  ${name.padEnd(14)} 1 kB ${one.value.toFixed(0)} us/kB (${one.note}) · 64 kB ${all.value.toFixed(0)} us/kB (${all.note})`;
      }),
    ],
    address: null,
  };
}
