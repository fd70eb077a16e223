import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { GetObjectLockConfigurationCommandOutput, S3Client } from '@aws-sdk/client-s3';
import type { S3Archive } from '../../contracts/config.ts';
import type { S3Limits } from './s3-retry.ts';
import { persist, s3LimitsDefault, statusOf } from './s3-retry.ts';

export type S3Place = Pick<S3Archive, 'bucket' | 'prefix' | 'endpoint' | 'region'>;
export type S3Credentials = { readonly accessKeyId: string; readonly secretAccessKey: string };

/** An entry of a key's history: an object, or the marker that a plain delete leaves. */
export type S3Version = {
  readonly key: string;
  readonly versionId: string;
  readonly isMarker: boolean;
  readonly bytes: number;
};
/** How one version is kept, by the store's own word. */
export type S3Kept = {
  readonly mode: string | null;
  readonly lockedUntilMs: number;
  readonly putAtMs: number;
  readonly sha256: string | null;
  readonly bytes: number;
};
export type S3Settings = {
  readonly isVersioned: boolean;
  readonly isLocked: boolean;
  /** What an object gets that names no retention of its own. */
  readonly defaultMode: string | null;
  readonly defaultDays: number;
};
/** `mayBeOurs`: the name is taken, and an earlier try of this very put got no answer. */
export type S3Put = { readonly versionId: string } | { readonly taken: true; readonly mayBeOurs: boolean };

/** The few requests that an archive needs. Keys are the archive's own: the prefix is added and taken off here. */
export type S3Bucket = {
  /** As people write it: `s3://bucket/prefix`. */
  readonly url: string;
  settings(): Promise<S3Settings>;
  /** Puts an object where there is none, locked in COMPLIANCE mode. */
  putLocked(key: string, bytes: Uint8Array, until: Date): Promise<S3Put>;
  /** The whole history of every key that begins with `folder` and a slash, or of the archive. */
  historyOf(folder: string | null): Promise<S3Version[]>;
  /** The history of one key, newest first; a long one is cut short. */
  historyOfKey(key: string): Promise<S3Version[]>;
  /** Null when there is no such version. */
  head(key: string, versionId: string): Promise<S3Kept | null>;
  get(version: S3Version): Promise<Buffer | null>;
  close(): void;
};

export const sha256Base64 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('base64');

type Sdk = typeof import('@aws-sdk/client-s3');
type Context = { readonly sdk: Sdk; readonly client: S3Client; readonly limits: S3Limits; readonly place: S3Place };

/** Opens nothing yet: the first request finds out whether the bucket is there. */
export async function connectBucket(
  place: S3Place,
  { limits = s3LimitsDefault, credentials }: { limits?: S3Limits; credentials?: S3Credentials } = {},
): Promise<S3Bucket> {
  // The version is pinned: what a later one will need is no news to whoever runs this one.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const sdk = await import('@aws-sdk/client-s3');
  const client = new sdk.S3Client({
    region: place.region,
    // Requests are made again by `persist`, which knows when a put may have been carried out.
    maxAttempts: 1,
    ...(place.endpoint === undefined ? {} : { endpoint: place.endpoint, forcePathStyle: true }),
    ...(credentials === undefined ? {} : { credentials }),
  });
  const context = { sdk, client, limits, place };
  const { bucket, prefix } = place;
  return {
    url: prefix === undefined ? `s3://${bucket}` : `s3://${bucket}/${prefix}`,
    settings: () => settings(context),
    putLocked: (key, bytes, until) => putLocked(context, key, bytes, until),
    historyOf: (folder) => historyOf(context, folder === null ? '' : `${folder}/`),
    historyOfKey: async (key) => {
      const { versions } = await page(context, key, { MaxKeys: keyHistoryMax });
      return versions.filter((version) => version.key === key);
    },
    head: (key, versionId) => head(context, key, versionId),
    get: (version) => get(context, version),
    close: () => client.destroy(),
  };
}

const keyHistoryMax = 10;
const rootOf = ({ prefix }: S3Place): string => (prefix === undefined ? '' : `${prefix}/`);
const named = ({ place }: Context, key: string) => ({ Bucket: place.bucket, Key: `${rootOf(place)}${key}` });

async function settings({ sdk, client, limits, place }: Context): Promise<S3Settings> {
  const Bucket = place.bucket;
  const [versioning, lock] = await Promise.all([
    persist(limits, {
      what: 'say whether the bucket is versioned',
      once: (abortSignal) => client.send(new sdk.GetBucketVersioningCommand({ Bucket }), { abortSignal }),
    }),
    persist(limits, {
      what: 'say whether the bucket has Object Lock',
      once: (abortSignal) =>
        client
          .send(new sdk.GetObjectLockConfigurationCommand({ Bucket }), { abortSignal })
          .catch(whenAbsent(['ObjectLockConfigurationNotFoundError'])),
    }),
  ]);
  const configuration: GetObjectLockConfigurationCommandOutput['ObjectLockConfiguration'] =
    lock?.ObjectLockConfiguration;
  const kept = configuration?.Rule?.DefaultRetention;
  return {
    isVersioned: versioning.Status === 'Enabled',
    isLocked: configuration?.ObjectLockEnabled === 'Enabled',
    defaultMode: kept?.Mode ?? null,
    defaultDays: kept?.Days ?? (kept?.Years ?? 0) * 365,
  };
}

async function putLocked(context: Context, key: string, bytes: Uint8Array, until: Date): Promise<S3Put> {
  const { sdk, client, limits } = context;
  const input = {
    ...named(context, key),
    Body: bytes,
    IfNoneMatch: '*',
    ChecksumSHA256: sha256Base64(bytes),
    ObjectLockMode: 'COMPLIANCE',
    ObjectLockRetainUntilDate: until,
  } as const;
  let mayBeOurs = false;
  const answer = await persist(limits, {
    what: `put \`${key}\``,
    bytes: bytes.byteLength,
    once: (abortSignal) =>
      client.send(new sdk.PutObjectCommand(input), { abortSignal }).catch((error: unknown) => {
        if (statusOf(error) === 412) return null;
        throw error;
      }),
    onAgain: () => {
      mayBeOurs = true;
    },
  });
  return answer === null ? { taken: true, mayBeOurs } : { versionId: answer.VersionId ?? '' };
}

type Markers = { readonly KeyMarker?: string; readonly VersionIdMarker?: string; readonly MaxKeys?: number };
type Listed = { Key?: string | undefined; VersionId?: string | undefined; Size?: number | undefined };
type Page = { readonly versions: S3Version[]; readonly next: Markers | null };

async function page({ sdk, client, limits, place }: Context, start: string, markers: Markers): Promise<Page> {
  const root = rootOf(place);
  const input = { Bucket: place.bucket, Prefix: `${root}${start}`, ...markers };
  const found = await persist(limits, {
    what: `list the versions of \`${start}\``,
    once: (abortSignal) => client.send(new sdk.ListObjectVersionsCommand(input), { abortSignal }),
  });
  const entry =
    (isMarker: boolean) =>
    ({ Key = '', VersionId = '', Size = 0 }: Listed): S3Version => ({
      key: Key.slice(root.length),
      versionId: VersionId,
      isMarker,
      bytes: Size,
    });
  const versions = [...(found.Versions ?? []).map(entry(false)), ...(found.DeleteMarkers ?? []).map(entry(true))];
  const { NextKeyMarker: KeyMarker, NextVersionIdMarker: VersionIdMarker } = found;
  if (found.IsTruncated !== true) return { versions, next: null };
  return { versions, next: { ...(KeyMarker && { KeyMarker }), ...(VersionIdMarker && { VersionIdMarker }) } };
}

async function historyOf(context: Context, start: string): Promise<S3Version[]> {
  const versions: S3Version[] = [];
  for (let markers: Markers | null = {}; markers !== null; ) {
    const found: Page = await page(context, start, markers);
    versions.push(...found.versions);
    markers = found.next;
  }
  return versions;
}

async function head(context: Context, key: string, VersionId: string): Promise<S3Kept | null> {
  const { sdk, client, limits } = context;
  const input = { ...named(context, key), VersionId, ChecksumMode: 'ENABLED' } as const;
  const found = await persist(limits, {
    what: `say how \`${key}\` is kept`,
    once: (abortSignal) =>
      client.send(new sdk.HeadObjectCommand(input), { abortSignal }).catch(whenAbsent(['NotFound', 'NoSuchVersion'])),
  });
  if (found === null) return null;
  return {
    mode: found.ObjectLockMode ?? null,
    lockedUntilMs: found.ObjectLockRetainUntilDate?.getTime() ?? 0,
    putAtMs: found.LastModified?.getTime() ?? 0,
    sha256: found.ChecksumSHA256 ?? null,
    bytes: found.ContentLength ?? -1,
  };
}

async function get(context: Context, { key, versionId: VersionId, bytes }: S3Version): Promise<Buffer | null> {
  const { sdk, client, limits } = context;
  return persist(limits, {
    what: `give \`${key}\``,
    bytes,
    once: async (abortSignal) => {
      const found = await client
        .send(new sdk.GetObjectCommand({ ...named(context, key), VersionId }), { abortSignal })
        .catch(whenAbsent(['NoSuchKey', 'NoSuchVersion', 'NotFound']));
      return found === null ? null : readWhole(found.Body as Readable, bytes, abortSignal);
    },
  });
}

/** The bytes of an answer; more than the store listed are not what it listed, and are not read. */
async function readWhole(body: Readable, bytesMax: number, signal: AbortSignal): Promise<Buffer> {
  signal.addEventListener('abort', () => body.destroy());
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += (chunk as Buffer).byteLength;
    if (size > bytesMax) return Buffer.alloc(0);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

const whenAbsent =
  (names: readonly string[]) =>
  (error: unknown): null => {
    if (statusOf(error) === 404 && names.includes(String((error as Error).name))) return null;
    throw error;
  };
