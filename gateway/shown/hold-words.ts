import type { Card } from '../../contracts/card.ts';

/** What a second attempt at a write does. */
export function repeatOf(effect: Card['effect']): string {
  switch (effect) {
    case 'idempotent':
      return 'harmless: a marker on the target makes a repeat do nothing';
    case 'conditional':
      return 'harmless: a precondition makes a repeat fail';
    case 'once':
      return 'never tried twice: after a crash a person decides';
  }
}

/** Time until an instant, for a person: `3 min 20 s left`, or `expired`. */
export function timeLeft(expiresAt: string, now: number): string {
  const seconds = Math.floor((Date.parse(expiresAt) - now) / 1_000);
  if (seconds <= 0) return 'expired';
  const minutes = Math.floor(seconds / 60);
  if (minutes >= 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min left`;
  return minutes > 0 ? `${minutes} min ${seconds % 60} s left` : `${seconds} s left`;
}

/** How long ago an instant was, in the one unit that tells: `42s`, `7m`, `3h`, `2d`. `now` is in milliseconds. */
export function age(at: string, now: number): string {
  const seconds = Math.max(0, Math.floor((now - Date.parse(at)) / 1_000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3_600)}h` : `${Math.floor(seconds / 86_400)}d`;
}
