import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { parse, print } from 'sh-syntax';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseShell } from '../../../policies/never-allow/shell/parse.ts';
import type { Word } from '../../../policies/never-allow/word.ts';
import { loadSqlParser } from '../../../policies/sql-read.ts';
import { deep } from '../../support/deep.ts';
import { forbiddenVariant } from './support/evasions.ts';
import { ruleOf } from './support/judged.ts';
import { recorded } from './support/recorder.ts';
import { shellText } from './support/shell-texts.ts';

/*
 * A second parser of Bash's grammar, which shares nothing with ours: mvdan/sh. It says where statements are, and prints a
 * text anew from its own tree. A word that the two split or join in another way would be another one in what it prints.
 */
const texts = deep ? 4_000 : 40;
const timeout = deep ? 3_600_000 : 120_000;

type Second = { readonly statements: number; readonly printed: string };

/** To it a comment may begin behind a quote or an expansion, as in `""#a`; to Bash that is one word, and we follow Bash. */
const ofBoth = shellText.filter((text) => !/(["'`)}]|\$[\w@*?!$-]+)#/.test(text));
/** It takes `A=([a])` for a subscript without a value; to Bash it is a pattern. */
const isNarrower = (error: unknown): boolean => /must be followed by `=`/.test(String(error));

/** What the second parser makes of a text; null where it does not accept it, and undefined where it reads less than Bash. */
async function second(text: string): Promise<Second | null | undefined> {
  try {
    const { Stmts } = await parse(text);
    return { statements: Stmts.length, printed: await print(text) };
  } catch (error) {
    return isNarrower(error) ? undefined : null;
  }
}

/** Where the second parser does not accept a text, Bash itself says whether it reads less than Bash. */
const isBash = (text: string): boolean => spawnSync('bash', ['-n'], { input: text, timeout: 10_000 }).status === 0;

/** An open word by what is known of it: how an expansion is spelled is not what it means. */
const shownAs = (word: Word): string =>
  word.kind === 'literal' ? `=${word.value}` : `${word.splits ? '?*' : '?'}${word.prefix}`;
const wordsIn = (text: string): string[] => recorded(text).argvs.map((argv) => JSON.stringify(argv.map(shownAs)));

async function disagreement(text: string): Promise<string | null> {
  const other = await second(text);
  const { rule } = recorded(text);
  if (rule.startsWith('unknown.') || other === undefined) return null;
  if (other === null) return isBash(text) ? null : 'accepted by ours alone';
  const parsed = parseShell(text);
  if (parsed.ok && parsed.script.commands.length !== other.statements) return 'another number of statements';
  if (recorded(other.printed).rule.startsWith('unknown.')) return null;
  const [ours, theirs] = [wordsIn(text), wordsIn(other.printed)];
  const at = theirs.findIndex((words, index) => words !== ours[index]);
  return at < 0 && ours.length === theirs.length ? null : `${ours[at]}, and printed anew ${theirs[at]}`;
}

describe('shell text, by the opinion of a second parser', () => {
  beforeAll(loadSqlParser);

  it(
    'has the same statements and words to both, or is unknown to ours',
    async () => {
      for (const text of fc.sample(ofBoth, texts)) {
        expect({ text, found: await disagreement(text) }).toEqual({ text, found: null });
      }
    },
    timeout,
  );

  it(
    'is as forbidden when the second parser has printed it anew',
    async () => {
      for (const text of fc.sample(forbiddenVariant, texts)) {
        const other = await second(text);
        expect({ text, rule: other?.printed === undefined ? 'floor.' : ruleOf(other.printed) }).toEqual({
          text,
          rule: expect.stringMatching(/^(floor|unknown)\./),
        });
      }
    },
    timeout,
  );
});
