import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Alert } from '../../contracts/alert.ts';
import { matchRunbook } from '../../policies/match.ts';
import { type LoadedRunbook, parseRunbook } from '../../policies/runbook.ts';
import { edited, instant, now, runbook, runbookFile } from './judging.ts';

const alert = (over: Partial<Alert> = {}): Alert => ({
  source: 'alertmanager',
  fingerprint: 'f',
  status: 'firing',
  labels: { alertname: 'PaymentsDatabaseBlocked', service: 'payments', severity: 'critical' },
  annotations: {},
  startsAt: instant(now),
  ...over,
});
const mapOf = (...all: readonly LoadedRunbook[]) => new Map(all.map((one) => [one.id, one]));
const only = mapOf(runbook);
const labels = (over: Record<string, string>) => alert({ labels: { ...alert().labels, ...over } });

describe('matching a runbook', () => {
  it('takes the one whose labels all fit', () => {
    expect(matchRunbook(alert(), only)).toEqual({ kind: 'matched', runbook });
  });

  it.each([
    ['another value', labels({ service: 'ledger' })],
    ['another case', labels({ service: 'Payments' })],
    ['a space more', labels({ service: 'payments ' })],
    ['a regular expression for a value', labels({ service: '.*' })],
    ['an empty value', labels({ alertname: '' })],
    ['a label missing', alert({ labels: { alertname: 'PaymentsDatabaseBlocked' } })],
    ['the label in another case', alert({ labels: { alertname: 'PaymentsDatabaseBlocked', Service: 'payments' } })],
    ['the labels as annotations', alert({ labels: {}, annotations: { ...alert().labels } })],
    ['the labels inherited', alert({ labels: Object.create(alert().labels) as Record<string, string> })],
  ])('takes none for %s', (_title, given) => {
    expect(matchRunbook(given, only)).toMatchObject({ kind: 'unmatched' });
  });

  it('takes none of two that fit, and names both', () => {
    const second = parseRunbook(edited(['id: postgres-blocked-by-idle-transaction', 'id: second']), runbookFile);
    const match = matchRunbook(alert(), mapOf(runbook, second));
    expect(match.kind === 'unmatched' && match.reason).toMatch(/got 2: `postgres-.*`, `second`/);
  });

  it('takes one of the listed values, and only from a listed source', () => {
    const text = edited(['    service: payments', '    service: [payments, billing]\n  source: [alertmanager]']);
    const wide = mapOf(parseRunbook(text, runbookFile));
    expect(matchRunbook(labels({ service: 'billing' }), wide).kind).toBe('matched');
    expect(matchRunbook(labels({ service: 'payments,billing' }), wide).kind).toBe('unmatched');
    expect(matchRunbook(alert({ source: 'generic' }), wide).kind).toBe('unmatched');
  });

  it('takes none where there is none', () => {
    expect(matchRunbook(alert(), new Map()).kind).toBe('unmatched');
  });

  it('is moved by no annotation, fingerprint or other label', () => {
    const text = fc.dictionary(fc.string({ minLength: 1 }), fc.string());
    fc.assert(
      fc.property(text, text, fc.string(), (annotations, others, fingerprint) => {
        const given = alert({ annotations, fingerprint, labels: { ...others, ...alert().labels } });
        expect(matchRunbook(given, only).kind).toBe('matched');
        const without = alert({
          annotations: { ...annotations, ...alert().labels },
          labels: { ...others, service: 'ledger' },
        });
        expect(matchRunbook(without, only).kind).toBe('unmatched');
      }),
    );
  });
});
