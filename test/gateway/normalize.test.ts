import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Alert } from '../../contracts/alert.ts';
import { WorkflowId } from '../../contracts/values.ts';
import { jsonDepthMax, parseBoundedJson } from '../../gateway/webhooks/bounded-json.ts';
import { parseGoTime } from '../../gateway/webhooks/go-time.ts';
import { labelFingerprint } from '../../gateway/webhooks/labels.ts';
import { normalize } from '../../gateway/webhooks/normalize.ts';
import { incidentWorkflowId } from '../../gateway/workflow-id.ts';
import { jcs } from '../../policies/digest.ts';

const alert = (over: object = {}) => ({
  status: 'firing',
  labels: { alertname: 'PaymentsDatabaseBlocked', service: 'payments' },
  annotations: { summary: 'payments wait' },
  startsAt: '2026-03-07T06:33:21.873077559-05:00',
  endsAt: '0001-01-01T00:00:00Z',
  generatorURL: 'http://prometheus.example/graph',
  fingerprint: '5ef77f1f8a3ecf8d',
  ...over,
});
const group = (alerts: unknown[], over: object = {}) => ({
  version: '4',
  groupKey: '{}:{alertname="x"}',
  truncatedAlerts: 0,
  status: 'firing',
  receiver: 'holdpoint',
  alerts,
  ...over,
});
const read = (body: unknown, system = 'alertmanager') => normalize({ system, body });
const readOne = (over: object) => {
  const result = read(group([alert(over)]));
  if (!result.ok) throw new Error(result.error.message);
  return result.alerts[0] as Alert;
};
const errorOf = (body: unknown, system = 'alertmanager') => {
  const result = read(body, system);
  return result.ok ? null : result.error;
};

describe('normalising an alertmanager delivery', () => {
  it('keeps what identifies and describes an alert, with its start in UTC milliseconds', () => {
    expect(read(group([alert()]))).toEqual({
      ok: true,
      rejected: [],
      alerts: [
        {
          source: 'alertmanager',
          fingerprint: '5ef77f1f8a3ecf8d',
          status: 'firing',
          labels: { alertname: 'PaymentsDatabaseBlocked', service: 'payments' },
          annotations: { summary: 'payments wait' },
          startsAt: '2026-03-07T11:33:21.873Z',
        },
      ],
    });
  });

  it('fills in what a partial sender leaves out as alertmanager itself would', () => {
    const { status, fingerprint, annotations, ...partial } = alert();
    const result = read(group([partial]));
    expect(result).toMatchObject({ ok: true, alerts: [{ status: 'firing', annotations: {} }] });
    expect(labelFingerprint({ name: 'garland, briggs', fear: 'love is not enough' })).toBe(
      5799056148416392346n.toString(16),
    );
  });

  it('names the field and what it expects for each kind of wrong body', () => {
    for (const [body, field] of [
      [null, 'body'],
      [[], 'body'],
      ['not json', 'body'],
      [{}, 'alerts'],
      [group([]), 'alerts'],
      [group([alert({ labels: { a: 1 } })]), 'alerts[0].labels.a'],
      [group([alert({ labels: null })]), 'alerts[0].labels'],
      [group([alert({ status: 'pending' })]), 'alerts[0].status'],
      [group([alert({ startsAt: 'yesterday' })]), 'alerts[0].startsAt'],
      [group([alert({ fingerprint: 'f'.repeat(513) })]), 'alerts[0].fingerprint'],
      [group([alert({ labels: { '': 'x' } })]), 'alerts[0].labels'],
      [group([alert()], { version: '3' }), 'version'],
    ] as const) {
      expect(errorOf(body)).toMatchObject({ code: 'BAD_INPUT', message: expect.stringContaining(field) });
      expect(errorOf(body)?.message).toContain('expected');
    }
  });

  it('refuses a delivery with too many alerts, and an alert with too many labels', () => {
    expect(errorOf(group(Array.from({ length: 101 }, () => alert())))?.code).toBe('TOO_LARGE');
    const labels = Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`l${n}`, '']));
    expect(errorOf(group([alert({ labels })]))?.code).toBe('TOO_LARGE');
  });

  it('refuses a system that it does not know', () => {
    expect(errorOf(group([alert()]), 'datadog')).toMatchObject({
      code: 'BAD_INPUT',
      message: '`system`: expected one of alertmanager, generic',
    });
    expect(errorOf(group([alert()]), 'constructor')?.code).toBe('BAD_INPUT');
  });

  it('lets no alert of a delivery keep its neighbours from being read', () => {
    const result = read(group([alert({ startsAt: 'x' }), alert(), alert({ labels: { a: [] } })]));
    expect(result).toMatchObject({ ok: true, rejected: [{ index: 0 }, { index: 2 }] });
    expect(result.ok && result.alerts).toHaveLength(1);
  });

  it('cuts a long value and repairs a broken one, so that neither hides its alert', () => {
    const labels = { long: 'x'.repeat(100_000), broken: 'a\ud800b' };
    expect(readOne({ labels }).labels).toEqual({ long: `${'x'.repeat(4_095)}…`, broken: 'a\ufffdb' });
  });

  it('repeats no label name of the sender in an error', () => {
    const hostile = '\u001b[31m`$(reboot)`\u202e';
    expect(errorOf(group([alert({ labels: { [hostile]: 5 } })]))?.message).not.toContain('reboot');
  });

  it('keeps a label called constructor, drops one called __proto__, and pollutes nothing', () => {
    const text = JSON.stringify(group([alert()])).replace(
      '"labels":{',
      '"labels":{"__proto__":{"admin":"yes"},"constructor":"c",',
    );
    const result = read(text);
    expect(result.ok && Object.keys(result.alerts[0]?.labels ?? {})).toEqual(['constructor', 'alertname', 'service']);
    expect(({} as Record<string, unknown>).admin).toBeUndefined();
  });
});

describe('normalising a generic delivery', () => {
  const item = { fingerprint: 'f1', status: 'firing', labels: {}, startsAt: '2026-03-07T06:33:21Z' };

  it('takes the documented form, with a source of its own', () => {
    expect(read({ alerts: [item] }, 'generic')).toMatchObject({ ok: true, alerts: [{ source: 'generic' }] });
    expect(read({ source: 'cron', alerts: [item] }, 'generic')).toMatchObject({ alerts: [{ source: 'cron' }] });
  });

  it('refuses a missing start, an unknown field, an unsafe source, and the source of another webhook', () => {
    const { startsAt, ...noStart } = item;
    for (const body of [
      { alerts: [noStart] },
      { alerts: [{ ...item, runbook: 'x' }] },
      { alerts: [item], runbook: 'x' },
      { alerts: [{ ...item, fingerprint: '' }] },
      { source: '../fence', alerts: [item] },
      { source: 'alertmanager', alerts: [item] },
    ])
      expect(errorOf(body, 'generic')?.code).toBe('BAD_INPUT');
  });
});

describe('a time as Go prints it', () => {
  it.each([
    ['2018-03-07T06:33:21.873077559-05:00', '2018-03-07T11:33:21.873Z'],
    ['2018-03-07T06:33:21Z', '2018-03-07T06:33:21.000Z'],
    ['2018-03-07T06:33:21.5+05:30', '2018-03-07T01:03:21.500Z'],
    ['2025-02-15 14:59:03.266529825 +0000 UTC', '2025-02-15T14:59:03.266Z'],
    ['2025-02-15 14:59:03.2 +0100 CET m=+0.012', '2025-02-15T13:59:03.200Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
  ])('reads %s', (text, utc) => expect(parseGoTime(text)).toBe(utc));

  it.each([
    '',
    '2018-02-30T00:00:00Z',
    '2018-03-07',
    '2018-03-07T25:00:00Z',
    '2018-03-07T06:33:60Z',
    '9999-12-31T23:59:59-01:00',
    '0000-01-01T00:00:00+01:00',
    '2018-03-07T06:33:21+99:00',
    '2018-03-07T06:33:21Z; rm -rf /',
  ])('refuses %j', (text) => expect(parseGoTime(text)).toBeNull());
});

describe('bounded JSON', () => {
  it('refuses one level too many without parsing, however long the text', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(parseBoundedJson(nested(jsonDepthMax))).toBeDefined();
    expect(() => parseBoundedJson(nested(jsonDepthMax + 1))).toThrow(expect.objectContaining({ code: 'TOO_DEEP' }));
    expect(() => parseBoundedJson('['.repeat(1_000_000))).toThrow(expect.objectContaining({ code: 'TOO_DEEP' }));
  });

  it('counts no bracket inside a string, escaped quotes included', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(parseBoundedJson(JSON.stringify([text]))).toEqual([text]);
      }),
    );
    expect(parseBoundedJson(JSON.stringify(['\\"[[[[[[[[[[[[']))).toEqual(['\\"[[[[[[[[[[[[']);
  });

  it('refuses bytes that are not UTF-8, and quotes nothing of them', () => {
    for (const body of [Buffer.from([0x22, 0xff, 0x22]), Buffer.from('{"secret"'), Buffer.alloc(0)])
      expect(() => parseBoundedJson(body)).toThrow('body: expected JSON in UTF-8');
  });
});

describe('the workflow id of an alert', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('../../fence/all', '$(reboot)', '`id`', '[x](y)', '\u001b[2J', '\u202eexe', 'a b;c', '\n', ' '),
  );
  const instant = fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }).map((d) => d.toISOString());

  it('holds only characters that are safe in a command, whatever the sender says', () => {
    fc.assert(
      fc.property(hostile, hostile, instant, (fingerprint, label, startsAt) => {
        const { ok, alerts = [] } = read(group([alert({ fingerprint, labels: { label }, startsAt })])) as {
          ok: boolean;
          alerts?: Alert[];
        };
        if (!ok) return;
        const id = incidentWorkflowId(alerts[0] as Alert);
        expect(WorkflowId.safeParse(id).success).toBe(true);
        expect(id).toMatch(/^incident\/alertmanager\/[0-9a-f]{64}$/);
      }),
    );
  });

  it('is the same for the same firing, and another for another fingerprint, start or source', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), instant, instant, (a, b, s, t) => {
        const id = (fingerprint: string, startsAt: string, source = 'x') =>
          incidentWorkflowId({ source, fingerprint, startsAt });
        expect(id(a, s)).toBe(id(a, s));
        expect(id(a, s) === id(b, t)).toBe(a === b && s === t);
        expect(id(a, s)).not.toBe(id(a, s, 'y'));
      }),
    );
  });

  it('does not depend on labels, annotations or status', () => {
    const ids = [{}, { labels: { other: 'x' } }, { status: 'resolved' }, { annotations: {} }].map((over) =>
      incidentWorkflowId(readOne(over)),
    );
    expect(new Set(ids).size).toBe(1);
  });

  it('refuses a source that could leave its place', () => {
    for (const source of ['../fence', 'a/b', '', 'a b'])
      expect(() => incidentWorkflowId({ source, fingerprint: 'f', startsAt: '2026-01-01T00:00:00.000Z' })).toThrow();
  });
});

describe('any normalised alert', () => {
  it('fits the contract and has one canonical form, whatever JSON arrives', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.jsonValue(),
            fc.record({
              labels: fc.dictionary(fc.string(), fc.string({ unit: 'binary' })),
              startsAt: fc.constantFrom('2026-01-01T00:00:00Z', 'x'),
              fingerprint: fc.string({ unit: 'binary' }),
            }),
          ),
          { maxLength: 5 },
        ),
        (alerts) => {
          const result = read(group(alerts));
          if (!result.ok) return;
          for (const one of result.alerts) {
            expect(Alert.parse(one)).toEqual(one);
            expect(() => jcs(one)).not.toThrow();
          }
        },
      ),
    );
  });
});
