import { WrongUse } from './refusal.ts';

/** Throws `WrongUse`: a mode is never guessed, as production refuses what development accepts. */
export function expectMode(mode: string): 'development' | 'production' {
  if (mode === 'development' || mode === 'production') return mode;
  throw new WrongUse(`--mode \`${mode}\`: expected development or production`, 'give one of them');
}
