import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Program } from '../../../policies/never-allow/program.ts';
import { gsutil } from '../../../policies/never-allow/programs/gsutil.ts';
import { hadoop } from '../../../policies/never-allow/programs/hadoop.ts';
import { minioClient } from '../../../policies/never-allow/programs/minio-client.ts';
import { rclone } from '../../../policies/never-allow/programs/rclone.ts';
import { s3cmd } from '../../../policies/never-allow/programs/s3cmd.ts';
import { s5cmd } from '../../../policies/never-allow/programs/s5cmd.ts';
import { type Verdict, verdictOf, verdictOn, wordOf } from './support/verdict.ts';

const judging = (program: Program) => (verdict: Verdict, cases: readonly string[]) =>
  it.each(cases)(`judges as ${verdict}: ${program.names[0]} %s`, (line) =>
    expect(verdictOn(program, line)).toBe(verdict),
  );

describe('s3cmd and s4cmd', () => {
  const judges = judging(s3cmd);
  judges('floor', [
    'del --recursive s3://b',
    'rm -rf s3://b',
    '-c del del s3://b/x --recurs',
    'rm s3://b/* --config x',
    'rb --force s3://b',
    'rb -r s3://b',
    'sync --delete-removed ./x s3://b/',
    'sync ./x s3://b/ --delete-rem',
    'mv --recursive s3://a s3://b',
    'expire s3://b --expiry-days=1',
    'expire s3://b --expiry-days 1 --expiry-prefix=',
    'dsync x s3://b',
    'rm -rn s3://b',
  ]);
  judges('unknown.option', ['rm "$X"', 'rm s3://b $ARGS', 'rb s3://b --newest', 'sync . s3://$B']);
  judges('unknown.s3-command', ['"$X" s3://b', '$X', '--newest del s3://b', 'nuke s3://b', '-c $X ls']);
  judges('unknown.s3-lifecycle', ['setlifecycle l.xml s3://b']);
  judges('write', [
    'del s3://b/one.txt',
    'rb s3://b',
    'put a s3://b',
    'get s3://b/x',
    'sync ./x s3://b/',
    'sync --delete-removed s3://b/ ./x',
    'mv s3://a/b s3://a/c',
    'expire s3://b --expiry-days=1 --expiry-prefix=logs/',
    'setpolicy p.json s3://b',
  ]);
  judges('read', ['ls', 'ls -r s3://b', 'du s3://b', 'info "$X"', '--version', 'getlifecycle s3://b']);
});

describe('s5cmd', () => {
  const judges = judging(s5cmd);
  judges('floor', [
    'rm s3://b/*',
    '--endpoint-url http://x rm s3://b/logs/*.gz',
    'rm --exclude a s3://b/?',
    'rm s3://b/a s3://b/*',
    'rm s3://b/"$KEY"',
    'rm --all-versions s3://b/a',
    'sync --delete . s3://b',
    'sync --size-only --delete=true . s3://b',
    'mv s3://b/* s3://c/',
    '--dry-run rm s3://b/*',
  ]);
  judges('unknown.option', ['rm s3://b/$X', 'rm $X', 'sync $X . s3://b', 'rm --newest s3://b/a']);
  judges('unknown.s3-command', ['run commands.txt', 'run', '"$X" s3://b', '-newest rm s3://b/*', 'nuke']);
  judges('write', [
    'rm s3://b/a',
    'rb s3://b',
    'cp a s3://b/a',
    'sync . s3://b',
    'sync --delete s3://b/* .',
    'mv a s3://b/a',
  ]);
  judges('read', ['ls s3://b/*', 'cat s3://b/a', 'du "$X"', 'version', '--help']);
});

describe('mc', () => {
  const judges = judging(minioClient);
  judges('floor', [
    'rm --recursive play/b/',
    'rm -r --force play/b',
    '--json rm --force --recursive=true play/b',
    'rm play/b --versions -r --older-than 7d',
    'rm --stdin play/b',
    'rb --force play/b',
    'rb --force --dangerous play',
    'mirror --remove ./x play/b',
    'mirror -w --remove play/a play/b',
    'mv --recursive play/a play/b',
    'undo --recursive play/b',
    'ilm rule add --expire-days 1 play/b',
    'ilm add --expiry-days=1 play/b',
    'ilm rule edit --id x --expire-days 1 play/b',
    'rm -r --fake play/b',
  ]);
  judges('unknown.option', [
    'rm "$X"',
    'rm $ARGS play/b',
    'rm --newest play/b',
    'mirror $X play/b',
    'ilm rule add "$X"',
  ]);
  judges('unknown.s3-command', ['"$X" play/b', 'batch start play job.yaml', 'nuke play/b', 'ilm "$X"', '-C $X ls']);
  judges('unknown.program', ['find play/b --exec mc…rm…{}']);
  judges('unknown.s3-lifecycle', ['ilm import play/b', 'ilm rule import play/b']);
  judges('write', [
    'rm play/b/file.txt',
    'rm --force play/b/file.txt',
    'rb play/b',
    'cp -r play/a play/b',
    'mirror ./x play/b',
    'mirror --remove play/b ./x',
    'mv a play/b',
    'ilm rule add --expire-days 30 --prefix tmp/ play/b',
    'ilm rule rm --id x play/b',
    'alias set play http://h k s',
    'admin service stop play',
    'admin user add play a b',
    'anonymous set public play/b',
    'share upload play/b',
  ]);
  judges('read', [
    'ls play/b',
    'cat play/b/f',
    'stat "$X"',
    'alias list',
    'admin info play',
    'admin user list play',
    'ilm rule ls play/b',
    'find play/b --name *.log',
  ]);
});

describe('rclone', () => {
  const judges = judging(rclone);
  judges('floor', [
    'purge s3:bucket',
    'delete :s3:bucket/logs --min-age 1d',
    '--dry-run purge :s3,provider=AWS:bucket',
    'sync ./x s3:bucket',
    'sync --newest x ./x s3:bucket',
    'move s3:bucket /tmp/x',
    'bisync /x s3:bucket',
    'purge :alias,remote=":s3:bucket":',
    'delete S3:bucket',
  ]);
  judges('unknown.s3-remote', [
    'purge "$REMOTE"',
    'delete $X',
    'sync ./x "$R":bucket',
    'purge remote:b $X',
    'purge s"$X"',
  ]);
  judges('unknown.s3-command', ['"$X" remote:b', '--newest x purge remote:b', '--config $X purge remote:b']);
  judges('unknown.program', ['rc operations/purge fs=s3: remote=b']);
  judges('write', [
    'purge remote:b',
    'delete remote:b',
    'sync /src remote:b --delete-before',
    'sync s3:bucket /restore',
    'move /x s3:bucket',
    'copy /x s3:bucket',
    'deletefile s3:bucket/one.txt',
    'rmdir remote:b/old',
    'cleanup remote:b',
    'config',
    'config delete x',
    'copy -i --max-age 24h remote:a path',
    'md5sum remote:b',
    'purge remote:"$X"',
  ]);
  judges('read', [
    'ls remote:b',
    'lsd remote:',
    'cat s3:b/f',
    'check /src remote:b',
    'size s3:b',
    'about remote:',
    'version',
    '--version',
    'config show',
    'ls "$X"',
  ]);
});

describe('gsutil', () => {
  const judges = judging(gsutil);
  judges('floor', [
    'rm -r s3://b',
    '-m rm -R s3://b/logs',
    'rm s3://b/**',
    'rsync -d -r ./x s3://b',
    'mv s3://a/x gs://b',
    '-m rm -r gs://a s3://b',
    'rm -r s3://b/"$X"',
  ]);
  judges('unknown.option', ['rm "$X"', 'rm -r $X', 'rm -Y s3://b']);
  judges('unknown.stdin', ['rm -I', '-m rm -f -I']);
  judges('unknown.s3-command', ['"$X" s3://b', '-o $X ls', 'nuke']);
  judges('unknown.s3-lifecycle', ['lifecycle set l.json s3://b']);
  judges('write', [
    'rm -r gs://b',
    'rm s3://b/one',
    'rb s3://b',
    'rsync -d ./x gs://b',
    'cp x s3://b',
    'lifecycle set l.json gs://b',
    'mv gs://a gs://b',
    'iam set x gs://b',
  ]);
  judges('read', ['ls s3://b', 'cat gs://b/x', 'du -s gs://b', 'lifecycle get s3://b', 'version -l', 'iam get gs://b']);
});

describe('hadoop', () => {
  const judges = judging(hadoop);
  judges('floor', [
    'fs -rm -r s3a://b/logs',
    'dfs -rm -R -skipTrash s3a://b',
    'fs -rmr s3n://b',
    'fs -rm s3a://b/*',
    'fs -rm $X s3a://b',
    'fs -rm -r "$X"',
  ]);
  judges('unknown.hadoop-command', ['"$X" -rm', 'fs "$X" s3a://b', 'jar x.jar', 'fs -nuke s3a://b', 'fs']);
  judges('write', ['fs -rm s3a://b/one', 'fs -rm -r hdfs://h/x', 'fs -rm -r /tmp/x', 'fs -put a s3a://b']);
  judges('read', ['fs -ls s3a://b', 'dfs -du /x']);
});

describe('any S3 client', () => {
  it('never throws, whatever the words, and reads no line whose command is not literal', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'rm',
        'sync',
        'rb',
        '-r',
        '--',
        '--force',
        '$X',
        '"$X"',
        's3://b',
        's3:b',
        '--delete',
        'ilm',
        '=',
      ),
      fc.string(),
    );
    const client = fc.constantFrom(s3cmd, s5cmd, minioClient, rclone, gsutil, hadoop);
    fc.assert(
      fc.property(client, fc.array(piece, { maxLength: 8 }), (program, pieces) => {
        const verdict = verdictOf(program.read(pieces.map(wordOf)));
        expect(verdict).toMatch(/^(floor|write|read|unknown\..*)$/);
        if (/^"?\$/.test(pieces[0] ?? '')) expect(verdict).toMatch(/^unknown/);
      }),
    );
  });
});
