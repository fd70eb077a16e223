import { logPage } from '../../activities/reason/evidence/log-page.ts';
import { sanitize } from '../../policies/sanitize/sanitize.ts';
import type { Measured, Sides } from '../bench.ts';
import { hostileInputs } from './hostile-inputs.ts';
import { mixedLogs } from './mixed-logs.ts';

const megabytes = 10;
/** What a simple filter is: one pass of the engine's own expression that masks numbers and drops what is best known. */
const plainPass =
  /[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]|<\|[^|\n]{1,40}\|>|\[\/?INST\]|ignore (?:all )?(?:previous|prior|above) instructions|[0-9a-f]{8,64}|\d+/gi;
const charsPerToken = 4;

/** Ten megabytes of mixed logs: sanitised and structured, against one native pass that only replaces. */
export async function openSanitize(): Promise<Sides> {
  const text = mixedLogs(megabytes * 1_000_000);
  return {
    subject: async () =>
      timed(text, () => {
        const { templates } = logPage(sanitize(text).text);
        return `${templates.length} templates`;
      }),
    peer: async () => timed(text, () => `${text.replace(plainPass, '#').length} characters`),
    aside: async () => [tokensOf(text), ...growthOf()],
    address: null,
  };
}

function timed(text: string, work: () => string): Measured {
  const start = performance.now();
  const note = work();
  const ms = performance.now() - start;
  return { value: ms, note: `${(text.length / 1_000 / ms).toFixed(1)} MB/s, ${note}` };
}

const asTokens = (chars: number): number => Math.round(chars / charsPerToken);

function tokensOf(text: string): string {
  const shown = JSON.stringify(logPage(sanitize(text).text)).length;
  return `aside: about ${asTokens(text.length)} tokens before templating, ${asTokens(shown)} after (${charsPerToken} characters each)`;
}

const small = 100_000;
const large = 4 * small;
const tellingMs = 50;

/** How many times as long four times as much takes: 4 is linear, 16 quadratic. */
function growthOf(): string[] {
  const rows = hostileInputs.map(({ name, of }) => {
    const [one, four] = [small, large].map((size) => msOf(of(size)));
    return { name, factor: (four ?? 0) / (one ?? 1), ms: four ?? 0 };
  });
  const worst = rows.reduce((a, b) => (b.ms > a.ms ? b : a));
  // A few milliseconds are more the machine's than the input's.
  const steepest = rows.filter(({ ms }) => ms > tellingMs).reduce((a, b) => (b.factor > a.factor ? b : a), worst);
  return [
    `aside: ${rows.length} hostile inputs of ${large} characters: slowest ${worst.ms.toFixed(0)} ms (${worst.name})`,
    `aside: of those beyond ${tellingMs} ms, four times the input takes at most ${steepest.factor.toFixed(1)} times as long (${steepest.name})`,
  ];
}

function msOf(text: string): number {
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 3; run++) {
    const start = performance.now();
    logPage(sanitize(text).text);
    best = Math.min(best, performance.now() - start);
  }
  return best;
}
