import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ArchiveSource } from '../../activities/record/archive-source.ts';
import { directorySource } from '../../activities/record/directory-source.ts';
import { connectBucket } from '../../activities/record/s3-bucket.ts';
import { s3Source } from '../../activities/record/s3-source.ts';
import { ArchiveConfig, type S3Archive } from '../../contracts/config.ts';
import { firstIssue } from '../../policies/signing.ts';
import { visible } from '../../policies/visible.ts';
import type { Io } from '../shell/io.ts';
import { Refusal, WrongUse } from '../shell/refusal.ts';

export type PlaceOptions = { readonly region?: string; readonly endpoint?: string };
export type OpenPlace = { readonly source: ArchiveSource; close(): void };

/** Opens the archive that a person named: a directory, or `s3://bucket/prefix` with credentials by AWS's own chain. */
export async function openPlace(io: Io, place: string, options: PlaceOptions): Promise<OpenPlace> {
  if (place.startsWith('s3://')) {
    const bucket = await connectBucket(expectBucket(io, place, options));
    return { source: s3Source(bucket, Date.now), close: () => bucket.close() };
  }
  const dir = resolve(io.cwd, place);
  if (!existsSync(dir))
    throw new Refusal('NOT_FOUND', `no directory \`${visible(dir, 300)}\``, 'name the directory with --archive');
  return { source: directorySource(dir), close: () => undefined };
}

function expectBucket(io: Io, place: string, { region, endpoint }: PlaceOptions): S3Archive {
  const [, bucket = '', prefix = ''] = /^s3:\/\/([^/]*)\/?(.*?)\/?$/.exec(place) ?? [];
  const parsed = ArchiveConfig.safeParse({
    kind: 's3',
    bucket,
    region: region ?? io.env.AWS_REGION ?? io.env.AWS_DEFAULT_REGION,
    ...(prefix === '' ? {} : { prefix }),
    ...(endpoint === undefined ? {} : { endpoint }),
  });
  if (parsed.success && parsed.data.kind === 's3') return parsed.data;
  const why = parsed.success ? 'expected a bucket' : firstIssue(parsed.error);
  throw new WrongUse(
    `--archive \`${visible(place, 300)}\`: ${why}`,
    'give s3://BUCKET/PREFIX, and --region or AWS_REGION',
  );
}
