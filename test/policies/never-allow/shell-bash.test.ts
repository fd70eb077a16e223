import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deep } from '../../support/deep.ts';
import { hasBash, passedByBash } from './support/real-bash.ts';
import { covers, recorded } from './support/recorder.ts';
import { shellText } from './support/shell-texts.ts';

const rounds = deep ? 100 : 4;
const textsPerRound = 250;

describe('shell text, against Bash itself', () => {
  it.skipIf(!hasBash)(
    'never misses words that Bash passes to a command, unless it calls the text unknown',
    () => {
      let decided = 0;
      for (let round = 0; round < rounds; round++) {
        const texts = fc.sample(shellText, textsPerRound);
        const passed = passedByBash(texts);
        texts.forEach((text, index) => {
          const { argvs, rule } = recorded(text);
          if (rule.startsWith('unknown.')) return;
          decided += 1;
          for (const call of passed[index] ?? [])
            expect({ text, call, covered: argvs.some((argv) => covers(argv, call)) }).toEqual({
              text,
              call,
              covered: true,
            });
        });
      }
      // A walker that calls everything unknown would pass otherwise.
      expect(decided).toBeGreaterThan((rounds * textsPerRound) / 3);
    },
    deep ? 3_600_000 : 120_000,
  );
});
