import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { SignedStatement, Statement } from '../../contracts/statement.ts';
import { sshNamespace, statementBytes } from '../../policies/statement.ts';
import { Refusal } from '../shell/refusal.ts';

/**
 * Signs a statement's exact bytes with `ssh-keygen -Y sign`: the key may be in an agent or on a security key, and never
 * passes through this process. Throws `Refusal` when the key or the program is missing, or the person did not touch it.
 */
export async function signWithSsh(statement: Statement, keyFile: string): Promise<SignedStatement> {
  if (!existsSync(keyFile))
    throw new Refusal('NOT_FOUND', `no SSH key at \`${keyFile}\``, 'name your key with --key FILE');
  const signature = await sshKeygen(keyFile, sshNamespace(statement.type), statementBytes(statement));
  return { statement, proof: { kind: 'ssh', signature } };
}

function sshKeygen(keyFile: string, namespace: string, message: Uint8Array): Promise<string> {
  return new Promise((resolve, reject) => {
    // The message goes over standard input, so that no shell and no file name carries it. A passphrase is asked on the terminal.
    const child = spawn('ssh-keygen', ['-q', '-Y', 'sign', '-n', namespace, '-f', keyFile], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', () =>
      reject(new Refusal('SERVER_MISSING', 'no `ssh-keygen` on PATH', 'install OpenSSH 8.2 or later')),
    );
    child.on('close', (status) => {
      const signature = Buffer.concat(out).toString('utf8');
      if (status === 0 && signature.includes('BEGIN SSH SIGNATURE')) return resolve(signature);
      const why = Buffer.concat(err).toString('utf8').trim().split('\n').at(-1) ?? '';
      reject(
        new Refusal(
          'STATEMENT_BAD_PROOF',
          `ssh-keygen did not sign with \`${keyFile}\`: ${why}`,
          'check the key with `ssh-keygen -y -f FILE`',
        ),
      );
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(message);
  });
}
