import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redactionKinds } from '../../../policies/redaction/kinds.ts';
import { redact } from '../../../policies/redaction/redact.ts';
import { carriers, secretKinds } from './secrets.ts';

const runs = { numRuns: 40 };

describe('a secret that is planted in a text', () => {
  it.each(secretKinds.map((one) => [one.what, one] as const))('does not come out: %s', (_, { planted, kind }) => {
    fc.assert(
      fc.property(planted, fc.constantFrom(...carriers), ({ text, hidden }, carry) => {
        const out = redact(carry(text));
        for (const part of hidden) expect(out.text).not.toContain(part);
        expect(out.kinds).toContain(kind);
      }),
      runs,
    );
  });

  it('is of more than twenty kinds, and every kind has one', () => {
    expect(new Set(secretKinds.map(({ kind }) => kind))).toEqual(new Set(redactionKinds));
    expect(secretKinds.length).toBeGreaterThan(40);
  });

  it('does not come out of JSON in JSON, nor of an address in percent signs', () => {
    for (const { planted } of secretKinds.filter(({ kind }) => /token|key|jwt/.test(kind)))
      fc.assert(
        fc.property(planted, ({ text, hidden }) => {
          const carried = [JSON.stringify({ a: JSON.stringify({ msg: `x\n${text}` }) }), `/cb?code%3D${text}`];
          for (const out of carried.map((one) => redact(one).text))
            for (const part of hidden) expect(out).not.toContain(part);
        }),
        { numRuns: 10 },
      );
  });

  it('does not come out in part where the text was cut', () => {
    for (const { planted } of secretKinds.filter(({ kind }) => kind === 'private-key'))
      fc.assert(
        fc.property(planted, fc.integer({ min: 60, max: 150 }), ({ text, hidden }, at) => {
          const out = redact(`error ${text.slice(0, at)}`).text;
          for (const part of hidden) expect(out).not.toContain(part.slice(0, 16));
        }),
        { numRuns: 10 },
      );
  });
});

describe('what is left', () => {
  const soup = fc
    .array(
      fc.oneof(
        fc.constantFrom(
          'password',
          'token',
          '=',
          ': ',
          '"',
          "'",
          '\\',
          ' ',
          '\n',
          '://',
          '@',
          'Bearer ',
          '-----BEGIN RSA PRIVATE KEY-----',
          '[redacted:jwt]',
          '{',
          '}',
          '$$',
          ';',
          'cookie: a=',
          'AKIA',
          'x-api-key',
        ),
        fc.string({ maxLength: 12 }),
        ...secretKinds.slice(0, 12).map(({ planted }) => planted.map(({ text }) => text)),
      ),
      { maxLength: 14 },
    )
    .map((parts) => parts.join(''));

  it('is the same when it is redacted again', () => {
    fc.assert(
      fc.property(soup, (text) => {
        const once = redact(text).text;
        expect(redact(once).text).toBe(once);
      }),
    );
  });

  it('says of what it changed that it did, and of nothing else', () => {
    fc.assert(
      fc.property(soup, (text) => {
        const { text: out, kinds } = redact(text);
        expect(kinds.length > 0).toBe(out !== text);
        expect(kinds.length === 0 || out.includes('[redacted:')).toBe(true);
      }),
    );
  });
});

describe('ordinary text', () => {
  it.each([
    'password authentication failed for user "app"',
    'FATAL: password: must be at least 8 characters',
    'UPDATE users SET password = $1 WHERE id = $2',
    'Secret: default-token-x7k2p (mounted)',
    '"secretName":"payments-tls","secretKeyRef":{"name":"db","key":"password"}',
    'sudo: ops : TTY=pts/6 ; PWD=/home/ops ; USER=root',
    'token: <nil>, password=***, secret: [hidden]',
    'api_key=$API_KEY max_tokens=4096 tokens: 512 key=value session 1234 opened',
    'GET http://example.com:8080/path@v2?page=3 HTTP/1.1',
    'image: registry.example.com:5000/payments/api:1.2.3@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    'commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b by ops@example.com',
    'trace_id=4bf92f3577b34da6a3ce929d0e0e4736 span_id=00f067aa0ba902b7',
    '-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIU\n-----END CERTIFICATE-----',
    'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ ops@example.com',
    'type Token struct { Kind token.Kind }; spin: 4f3a9b2c8d1e7f60a5b4c3d2',
    'auth: Failed password for root from 192.0.2.1 port 22 ssh2',
    'Lock wait: backend/1234/20261126053816123',
  ])('comes through unharmed: %s', (text) => {
    expect(redact(text)).toEqual({ text, kinds: [] });
  });
});

describe('texts that are written to take long', () => {
  const hostile: readonly string[] = [
    'a',
    ' ',
    '\\',
    '\n',
    '"',
    'eyJ',
    'eyJaaaaaaaa.',
    '-----BEGIN RSA PRIVATE KEY-----',
    'PuTTY-User-Key-File-3:',
    'a://b:',
    'a://b:c@',
    'password=',
    'password="',
    "password='''",
    'password=$a$',
    'password={',
    '--password ',
    'token:',
    'token=\\\\"',
    '<password>',
    'authorization: digest ',
    'cookie: a=b;',
    'cookie=',
    "md5('",
    'md5(',
    'LS0tLS1CRUdJTi',
    'AKIA',
    'ASIAQWERTYUIOPASDFGH ',
    'https://hooks.slack.com/services/',
    '8Q~',
    '$2b$',
    'SCRAM-SHA-256$1:',
    'bearer ',
    'basic QUFB ',
    ' -u a:',
    'identified with a ',
    ',b c',
    'sk-',
  ];

  it.each(hostile.map((one) => [JSON.stringify(one), one]))(
    'take time in proportion to their length: %s',
    (_, unit) => {
      const text = (chars: number) => `password=${unit.repeat(Math.ceil(chars / unit.length))}`;
      const took = (chars: number): number => {
        const made = text(chars);
        const began = performance.now();
        redact(made);
        return performance.now() - began;
      };
      took(20_000);
      const [short, long] = [Math.min(took(20_000), took(20_000)), Math.min(took(160_000), took(160_000))];
      // Eight times as long: quadratic would be 64 times. A busy machine is given room.
      expect(long).toBeLessThan(Math.max(short, 1) * 32 + 300);
    },
  );
});
