import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { SignedStatement, Subject } from '../../contracts/statement.ts';
import { SignedStatement as SignedStatementSchema } from '../../contracts/statement.ts';
import { jcs } from '../../policies/digest.ts';
import { firstIssue } from '../../policies/signing.ts';
import { visible } from '../../policies/visible.ts';
import type { ClientConfig } from '../client-config.ts';
import type { Io } from '../shell/io.ts';
import { Refusal, WrongUse } from '../shell/refusal.ts';
import { keyFrom, newStatement, personFrom } from './new-statement.ts';
import { signWithSsh } from './ssh-sign.ts';

const labelWidth = 12;

/** Statements outside an incident (resume, waive, grade …): the recorder takes all that a quorum needs in one post. */
export type OutsideOptions = {
  readonly reason?: string;
  readonly key?: string;
  readonly person?: string;
  readonly yes?: boolean;
  readonly print?: boolean;
  readonly with?: string[];
};

export const withOutsideOptions = (command: Command): Command =>
  command
    .option('--reason <text>', 'why, for the record')
    .option('--key <file>', 'your SSH private key')
    .option('--person <id>', 'who you are in the approver directory')
    .option('-y, --yes', 'do not ask')
    .option('--print', 'print your signed statement instead of sending it: for a colleague who collects a quorum')
    .option('--with <files...>', "colleagues' statements over the same subject, to send together with yours");

/**
 * Shows a subject and its effect in words, asks, signs it. Null when it was only printed; else it and the colleagues' statements, ready to post.
 * Throws `Refusal` or `WrongUse`.
 */
export async function signOutside(
  io: Io,
  config: ClientConfig,
  subject: Subject,
  options: OutsideOptions,
  effect: readonly string[] = [],
): Promise<SignedStatement[] | null> {
  const person = personFrom(options.person, config.person);
  const key = keyFrom(options.key, config.sshKey);
  io.err(io.paintErr.bold(`STATEMENT ${subject.type} by ${person}`));
  for (const [name, value] of Object.entries(subject))
    if (name !== 'type')
      io.err(`  ${name.padEnd(labelWidth)}${visible(typeof value === 'string' ? value : jcs(value), 500)}`);
  effect.forEach((line, index) => {
    io.err(`  ${(index === 0 ? 'effect' : '').padEnd(labelWidth)}${line}`);
  });
  const others = await Promise.all((options.with ?? []).map((file) => readStatement(resolve(io.cwd, file), subject)));
  for (const { statement } of others)
    io.err(
      `  ${'with'.padEnd(labelWidth)}${statement.person}, ${statement.decidedAt}: ${visible(statement.reason, 500)}`,
    );
  await confirm(io, person, options.yes === true);
  const reason = options.reason ?? '';
  const statement = newStatement({ subject, verdict: 'approve', cardDigest: null, reason, person }, Date.now());
  const mine = await signWithSsh(statement, key);
  if (options.print === true) {
    io.out(JSON.stringify(mine));
    return null;
  }
  return [mine, ...others];
}

async function confirm(io: Io, person: string, yes: boolean): Promise<void> {
  if (yes) return;
  if (!io.interactive) throw new WrongUse('no terminal to ask on', 'read the statement above, then add --yes');
  if (!(await io.confirm(`Sign this as ${person}?`)))
    throw new Refusal('RELEASE_MISSING', 'not signed: you did not confirm', 'run it again and answer y');
}

async function readStatement(file: string, subject: Subject): Promise<SignedStatement> {
  const parsed = SignedStatementSchema.safeParse(await readJson(file));
  if (!parsed.success) throw new WrongUse(`${file}: ${firstIssue(parsed.error)}`, 'give what `--print` printed');
  if (parsed.data.statement.type !== subject.type)
    throw new WrongUse(
      `${file}: expected a statement of type ${subject.type}, got ${parsed.data.statement.type}`,
      'give another file',
    );
  mustBeOverTheSame(file, parsed.data.statement.subject, subject);
  return parsed.data;
}

/** A quorum is over one subject: said here, with what differs, before anybody signs in vain. */
function mustBeOverTheSame(file: string, theirs: Subject, mine: Subject): void {
  const shown = (value: unknown): string => visible(value === undefined ? 'nothing' : jcs(value), 200);
  const [a, b] = [theirs, mine].map((subject) => new Map<string, unknown>(Object.entries(subject)));
  const differs = [...new Set([...(a?.keys() ?? []), ...(b?.keys() ?? [])])].find(
    (name) => shown(a?.get(name)) !== shown(b?.get(name)),
  );
  if (differs === undefined) return;
  throw new WrongUse(
    `${file}: it is over another subject: \`${differs}\` is ${shown(a?.get(differs))}, yours ${shown(b?.get(differs))}`,
    'give the same values as your colleague',
  );
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    throw new WrongUse(`${file}: expected a file with one JSON statement`, 'give what `--print` printed');
  }
}
