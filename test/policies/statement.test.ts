import { createHash, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Statement } from '../../contracts/statement.ts';
import { sshNamespace, statementBytes, statementHash, verifyStatement } from '../../policies/statement.ts';
import { refusalOf } from './support/codes.ts';
import { at, directory, executor, minute, now, people, powerTypes, rulesOf } from './support/rules.ts';
import { armor, makeKey, sshsigBlob } from './support/ssh-signer.ts';
import { cardDigest, signStatement, statementOf } from './support/statements.ts';

const rules = rulesOf();
const subject = { type: 'action', digest: 'e'.repeat(64) } as const;
const base = statementOf(subject);
const good = signStatement(base);
const codeOfRaw = (raw: unknown, time = now, under = rules) =>
  refusalOf(() => verifyStatement({ raw, rules: under, now: time }));

describe('the bytes of a statement', () => {
  it('are its JCS form without a newline, and its hash is their SHA-256', () => {
    const bytes = statementBytes(base);
    expect(bytes.toString()).toMatch(/^\{"cardDigest":"d+","decidedAt":".*"v":1,"verdict":"approve"\}$/);
    expect(statementHash(base)).toBe(createHash('sha256').update(bytes).digest('hex'));
  });

  it('do not depend on the order in which its fields were written', () => {
    const turned = Object.fromEntries(Object.entries(base).reverse()) as Statement;
    expect(statementBytes(turned)).toEqual(statementBytes(base));
  });

  it('differ whenever any field differs', () => {
    const others: Partial<Statement>[] = [
      { verdict: 'reject' },
      { cardDigest: 'c'.repeat(64) },
      { reason: 'other' },
      { person: 'personB' },
      { decidedAt: at(now) },
      { nonce: 'x'.repeat(22) },
      { subject: { type: 'action', digest: 'f'.repeat(64) } },
    ];
    const hashes = others.map((other) => statementHash({ ...base, ...other }));
    expect(new Set([statementHash(base), ...hashes]).size).toBe(others.length + 1);
  });

  it('are signed in a namespace of their type', () => {
    expect(sshNamespace('waive')).toBe('holdpoint-waive@v1');
  });
});

describe('verifyStatement', () => {
  it('says who made it, with which power and proof', () => {
    expect(verifyStatement({ raw: good, rules, now })).toMatchObject({
      statement: base,
      hash: statementHash(base),
      groups: ['oncall', 'leads'],
      proof: { keyType: 'ssh-ed25519', userVerified: false },
    });
    const personC = signStatement(statementOf(subject, { person: 'personC' }), people.personC);
    expect(verifyStatement({ raw: personC, rules, now })).toMatchObject({
      proof: { userPresent: true, userVerified: true },
    });
  });

  it('accepts each key of a person', () => {
    expect(codeOfRaw(signStatement(base, people.personAOther))).toBe('none');
  });

  const malformed: Record<string, unknown> = {
    nothing: undefined,
    null: null,
    'a bare digest': subject.digest,
    'an array': [good],
    'no proof': { statement: base },
    'a field too many': { ...good, note: 'x' },
    'a field too many inside': { ...good, statement: { ...base, risk: 'low' } },
    'a type unlike its subject': { ...good, statement: { ...base, type: 'resume' } },
    'an action without a card': { ...good, statement: { ...base, cardDigest: null } },
    'a card without an action': {
      ...good,
      statement: { ...statementOf({ type: 'revoke', record: 'e'.repeat(64) }), cardDigest },
    },
    'a verdict that is neither': { ...good, statement: { ...base, verdict: 'APPROVE' } },
    'a digest in capitals': { ...good, statement: { ...base, subject: { type: 'action', digest: 'E'.repeat(64) } } },
    'a short nonce': { ...good, statement: { ...base, nonce: 'short' } },
    'a time in another spelling': { ...good, statement: { ...base, decidedAt: '2026-03-01T12:00:00Z' } },
    'a time that does not exist': { ...good, statement: { ...base, decidedAt: '2026-02-30T12:00:00.000Z' } },
    'a reason that is too long': { ...good, statement: { ...base, reason: 'x'.repeat(501) } },
    'a reason with half a character': { ...good, statement: { ...base, reason: 'x\uD800' } },
    'another proof kind': { ...good, proof: { kind: 'principal', signature: 'x' } },
  };
  it.each(Object.keys(malformed))('refuses %s', (what) => {
    expect(codeOfRaw(malformed[what])).toBe('STATEMENT_MALFORMED');
  });

  it('refuses a person whom the directory does not know, whatever the key', () => {
    for (const person of ['stranger', 'PersonA', 'personA.', '__proto__', 'constructor'].filter((name) =>
      /^[A-Za-z]/.test(name),
    ))
      expect(codeOfRaw(signStatement({ ...base, person }))).toBe('STATEMENT_UNKNOWN_PERSON');
  });

  it('refuses the key of somebody else, known or not', () => {
    expect(codeOfRaw(signStatement(base, people.personB))).toBe('STATEMENT_BAD_PROOF');
    expect(codeOfRaw(signStatement(base, people.stranger))).toBe('STATEMENT_BAD_PROOF');
    expect(codeOfRaw(signStatement(base, makeKey('ssh-ed25519')))).toBe('STATEMENT_BAD_PROOF');
  });

  it('refuses a person without any key', () => {
    const keyless = rulesOf({ people: [...directory, { person: 'personE', groups: ['oncall'], ssh: [] }] });
    expect(codeOfRaw(signStatement({ ...base, person: 'personE' }), now, keyless)).toBe('STATEMENT_BAD_PROOF');
  });

  it('refuses a process key, as a process signs and as ssh-keygen would', () => {
    const bytes = statementBytes(base);
    const asProcess = executor.signer.sign('receipt', base).signature;
    expect(codeOfRaw({ ...good, proof: { kind: 'ssh', signature: asProcess } })).toBe('STATEMENT_BAD_PROOF');
    const key = makeKey('ssh-ed25519');
    const raw = sign(null, bytes, key.privateKey);
    expect(codeOfRaw({ ...good, proof: { kind: 'ssh', signature: armor(raw) } })).toBe('STATEMENT_BAD_PROOF');
    expect(codeOfRaw({ ...good, proof: { kind: 'ssh', signature: armor(sshsigBlob(key, bytes)) } })).toBe(
      'STATEMENT_BAD_PROOF',
    );
  });

  it('refuses a proof over the bare digest, the hash, or the bytes with a newline', () => {
    for (const bytes of [subject.digest, statementHash(base), `${statementBytes(base).toString()}\n`])
      expect(codeOfRaw(signStatement(base, people.personA, { bytes: Buffer.from(bytes) }))).toBe('STATEMENT_BAD_PROOF');
  });

  it('refuses a proof made for another type', () => {
    for (const type of ['resume', 'waive', 'promote', 'demote', 'revoke'] as const)
      expect(codeOfRaw(signStatement(base, people.personA, { namespace: sshNamespace(type) }))).toBe(
        'STATEMENT_BAD_PROOF',
      );
    expect(codeOfRaw(signStatement(base, people.personA, { namespace: 'file' }))).toBe('STATEMENT_BAD_PROOF');
  });

  it('refuses a rejection turned into an approval, and every other change after signing', () => {
    const rejected = signStatement({ ...base, verdict: 'reject' });
    expect(codeOfRaw(rejected)).toBe('none');
    const changes: Partial<Statement>[] = [
      { verdict: 'approve' },
      { subject: { type: 'action', digest: 'f'.repeat(64) } },
      { cardDigest: 'c'.repeat(64) },
      { reason: 'another reason' },
      { decidedAt: at(now) },
      { nonce: 'x'.repeat(22) },
    ];
    for (const change of changes)
      expect(codeOfRaw({ ...rejected, statement: { ...rejected.statement, ...change } })).toBe('STATEMENT_BAD_PROOF');
  });

  it('refuses a person who holds no power for the type', () => {
    expect(codeOfRaw(signStatement({ ...base, person: 'personD' }, people.personD))).toBe('STATEMENT_NOT_POWERED');
    const resume = statementOf({
      type: 'resume',
      scope: { kind: 'all' },
      fenceRunId: '0f1e2d3c-4b5a-4678-9abc-def012345678',
    });
    expect(codeOfRaw(signStatement({ ...resume, person: 'personB' }, people.personB))).toBe('STATEMENT_NOT_POWERED');
    const narrowed = rulesOf({ powers: { action: { ...powerTypes.action, groups: ['nobody'] } } });
    expect(codeOfRaw(good, now, narrowed)).toBe('STATEMENT_NOT_POWERED');
  });

  it('refuses what is decided more than two seconds from now, or by a clock that cannot say', () => {
    const decided = Date.parse(base.decidedAt);
    expect(codeOfRaw(good, decided - 2_000)).toBe('none');
    expect(codeOfRaw(good, decided - 2_001)).toBe('STATEMENT_FROM_FUTURE');
    expect(codeOfRaw(good, Number.NaN)).toBe('STATEMENT_FROM_FUTURE');
    expect(codeOfRaw(good, decided + 9_000 * minute)).toBe('none');
  });

  it('refuses anything else with a code of its own, and never another error', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (raw) => {
        expect(codeOfRaw(raw)).toBe('STATEMENT_MALFORMED');
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 200 }), (signature) => {
        expect(codeOfRaw({ ...good, proof: { kind: 'ssh', signature } })).toBe('STATEMENT_BAD_PROOF');
      }),
    );
  });
});
