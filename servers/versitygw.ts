import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  CreateBucketCommand,
  ListBucketsCommand,
  PutBucketPolicyCommand,
  PutObjectLockConfigurationCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { HoldpointError } from '../contracts/errors.ts';
import { startServer, until } from './child.ts';
import { freePort, loopback } from './ports.ts';
import { cleanEnvironment, projectRoot } from './project.ts';
import { runStep } from './resolve.ts';
import { resolveVersitygw } from './resolve-versitygw.ts';

export type VersitygwOptions = {
  /** Folder for its objects, versions and users; made when missing. */
  readonly dir: string;
  /** Path of `versitygw`; resolved when left out. */
  readonly bin?: string;
  readonly port?: number;
  readonly log?: (line: string) => void;
};
export type Login = { readonly accessKeyId: string; readonly secretAccessKey: string };
export type VersitygwServer = {
  readonly url: string;
  readonly region: string;
  /** The administrator: owns every bucket. For setting things up, never for a process. */
  readonly root: Login;
  readonly pid: number;
  /** Makes a user who may do nothing yet. */
  addUser(name: string): Promise<Login>;
  stop(): Promise<void>;
};

const region = 'us-east-1';
const readyWithinMs = 20_000;

export const s3ClientOf = (url: string, credentials: Login): S3Client =>
  new S3Client({ region, endpoint: url, forcePathStyle: true, maxAttempts: 1, credentials });

/**
 * Starts an S3 server with versioning, Object Lock and users of its own, on loopback. It ends with `stop`, and by itself
 * when this process dies. Throws `SERVER_MISSING` or `STORE_AWAY`.
 */
export async function startVersitygw(options: VersitygwOptions): Promise<VersitygwServer> {
  const log = options.log ?? (() => {});
  const bin = options.bin ?? (await resolveVersitygw({ log }));
  const dir = resolve(options.dir);
  const [data, versions, users] = ['data', 'versions', 'users'].map((name) => join(dir, name)) as [
    string,
    string,
    string,
  ];
  for (const folder of [data, versions, users]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const port = options.port ?? (await freePort());
  const root = newLogin('root');
  const address = `${loopback}:${port}`;
  const server = await startServer({
    command: bin,
    args: ['--port', address, '--quiet', '--iam-dir', users, 'posix', '--versioning-dir', versions, data],
    env: cleanEnvironment({ ROOT_ACCESS_KEY: root.accessKeyId, ROOT_SECRET_KEY: root.secretAccessKey }),
    stopSignal: 'SIGTERM',
    logFile: join(dir, 'versitygw.log'),
  });
  const url = `http://${address}`;
  await untilServing(url, root, () => server.hasExited()).catch(async (error: unknown) => {
    await server.stop();
    throw error;
  });
  return {
    url,
    region,
    root,
    pid: server.pid,
    async addUser(name) {
      const login = newLogin(name);
      const who = ['--access', login.accessKeyId, '--secret', login.secretAccessKey, '--role', 'user'];
      const asRoot = ['--access', root.accessKeyId, '--secret', root.secretAccessKey, '--endpoint-url', url];
      await runStep(bin, ['admin', ...asRoot, 'create-user', ...who], { cwd: dir, log, what: 'making a user' });
      return login;
    },
    stop: () => server.stop(),
  };
}

const newLogin = (name: string): Login => ({
  accessKeyId: `${name}-${randomBytes(4).toString('hex')}`,
  secretAccessKey: randomBytes(24).toString('hex'),
});

async function untilServing(url: string, root: Login, hasExited: () => boolean): Promise<void> {
  const failed = (): Error => new HoldpointError('STORE_AWAY', `the S3 server at \`${url}\` did not start`);
  const client = s3ClientOf(url, root);
  const ask = async (): Promise<true | null> => {
    if (hasExited()) throw failed();
    return client.send(new ListBucketsCommand({})).then(
      () => true as const,
      () => null,
    );
  };
  await until(ask, { forMs: readyWithinMs, everyMs: 50, late: failed }).finally(() => client.destroy());
}

type Statement = { readonly Effect: string; readonly Action: string | readonly string[]; readonly Resource: string };

/** The statements of a policy in `deploy/aws/` for this bucket. */
export function policyOf(name: 'recorder' | 'auditor', bucket: string): readonly Statement[] {
  const text = readFileSync(join(projectRoot(), 'deploy', 'aws', `${name}-policy.json`), 'utf8');
  const filled = text.replaceAll(/\$\{bucket_arn\}/g, `arn:aws:s3:::${bucket}`);
  return (JSON.parse(filled) as { Statement: Statement[] }).Statement;
}

export type ArchiveBucketOptions = {
  readonly bucket: string;
  /** Who gets which policy of `deploy/aws/`; everybody else gets nothing. */
  readonly grants: Readonly<Partial<Record<'recorder' | 'auditor', Login>>>;
  readonly retentionDays: number;
};

/** A bucket as `deploy/aws/main.tf` describes it: Object Lock with a default retention, and the policies by name. */
export async function makeArchiveBucket(
  { url, root }: Pick<VersitygwServer, 'url' | 'root'>,
  { bucket, grants, retentionDays }: ArchiveBucketOptions,
): Promise<void> {
  const client = s3ClientOf(url, root);
  const rule = { DefaultRetention: { Mode: 'COMPLIANCE', Days: retentionDays } } as const;
  const statements = Object.entries(grants).flatMap(([name, { accessKeyId }]) =>
    policyOf(name as 'recorder' | 'auditor', bucket).map((one) => ({ ...one, Principal: { AWS: [accessKeyId] } })),
  );
  try {
    await client.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: true }));
    await client.send(
      new PutObjectLockConfigurationCommand({
        Bucket: bucket,
        ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', Rule: rule },
      }),
    );
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: statements });
    if (statements.length > 0) await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
  } finally {
    client.destroy();
  }
}
