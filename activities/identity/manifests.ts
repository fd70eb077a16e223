import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { PinnedKeys } from '../../contracts/config.ts';
import { codeOf, HoldpointError } from '../../contracts/errors.ts';
import { sha256Hex } from '../../policies/digest.ts';
import { openManifest, type Rules } from '../../policies/manifest.ts';
import { loadSqlParser } from '../../policies/sql-read.ts';

const fileName = /^manifest-([1-9][0-9]{0,8})\.json$/;
const filesMax = 256;
const fileBytesMax = 16 * 1024 * 1024;

export type Manifests = {
  /** The rules of the highest version. Throws `MANIFEST_UNKNOWN`, `MANIFEST_EXPIRED`, `MANIFEST_ROLLED_BACK`, or what was wrong with the highest file. */
  newest(): Rules;
  /** The rules with this digest, from this process's own signed copy. Throws `MANIFEST_UNKNOWN` or `MANIFEST_EXPIRED`. */
  require(digest: string): Rules;
  /** Refuses an own copy older than one that was seen elsewhere. Throws `MANIFEST_ROLLED_BACK`. */
  mustBeAtLeast(version: number): void;
  /** Reads the folder again. Never throws for a bad file: that file's fault is thrown by `newest` while it is the highest. */
  reload(): Promise<void>;
  /** Reloads every `everyMs` (1 s) until `stop`. */
  start(everyMs?: number): void;
  stop(): void;
};
export type ManifestsDeps = {
  readonly dir: string;
  readonly keys: PinnedKeys;
  readonly mode: 'development' | 'production';
  readonly clock: () => number;
};

type Loaded = {
  readonly version: number;
  readonly bytesHash: string;
  readonly rules: Rules | null;
  readonly fault: HoldpointError | null;
};

/** This process's own copies of the signed manifest, newest first. Nothing here believes a name or a digest from a message. */
export function createManifests(deps: ManifestsDeps): Manifests {
  let loaded: readonly Loaded[] = [];
  let highestSeen = 0;
  let timer: NodeJS.Timeout | null = null;

  const reload = async (): Promise<void> => {
    // A runbook's boundary may name statements.
    await loadSqlParser();
    loaded = await readAll(deps, loaded);
    highestSeen = Math.max(highestSeen, loaded[0]?.version ?? 0);
  };
  return {
    newest() {
      const first = loaded[0];
      if (first === undefined) throw new HoldpointError('MANIFEST_UNKNOWN', 'expected a manifest, got an empty folder');
      // INVARIANT: a bad or expired newest manifest never gives way to an older one, which may permit more.
      if (first.fault !== null) throw first.fault;
      mustBeSeen(first.version, highestSeen);
      return unexpired(first.rules, deps.clock());
    },
    require(digest) {
      const found = loaded.find(({ rules }) => rules?.digest === digest);
      return unexpired(found?.rules ?? null, deps.clock());
    },
    mustBeAtLeast(version) {
      mustBeSeen(loaded[0]?.version ?? 0, version);
    },
    reload,
    start(everyMs = 1_000) {
      // A folder that cannot be read keeps the rules as they are; their own `notAfter` bounds for how long.
      timer ??= setInterval(() => void reload().catch(() => undefined), everyMs).unref();
    },
    stop() {
      if (timer !== null) clearInterval(timer);
      timer = null;
    },
  };
}

function mustBeSeen(version: number, atLeast: number): void {
  if (version < atLeast)
    throw new HoldpointError('MANIFEST_ROLLED_BACK', `expected manifest version ${atLeast} or later, got ${version}`);
}

function unexpired(rules: Rules | null, now: number): Rules {
  if (rules === null) throw new HoldpointError('MANIFEST_UNKNOWN', 'expected the digest of a loaded manifest');
  if (now >= rules.notAfter)
    throw new HoldpointError('MANIFEST_EXPIRED', `manifest version ${rules.version} has expired`);
  return rules;
}

async function readAll(deps: ManifestsDeps, known: readonly Loaded[]): Promise<readonly Loaded[]> {
  const versions = (await readdir(deps.dir))
    .flatMap((name) => fileName.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => b - a)
    .slice(0, filesMax);
  return Promise.all(versions.map((version) => readOne(deps, version, known)));
}

async function readOne(deps: ManifestsDeps, version: number, known: readonly Loaded[]): Promise<Loaded> {
  const file = `manifest-${version}.json`;
  let bytesHash = '';
  try {
    const path = join(deps.dir, file);
    const { size } = await stat(path);
    if (size > fileBytesMax) throw new HoldpointError('TOO_LARGE', `expected at most ${fileBytesMax} bytes`);
    const text = await readFile(path, 'utf8');
    bytesHash = sha256Hex(text);
    const same = known.find((one) => one.version === version && one.bytesHash === bytesHash && one.rules !== null);
    if (same !== undefined) return same;
    const rules = openManifest({ raw: JSON.parse(text), keys: deps.keys, mode: deps.mode, now: deps.clock() });
    if (rules.version !== version)
      throw new HoldpointError('MANIFEST_MISMATCH', `expected version ${version}, got version ${rules.version}`);
    return { version, bytesHash, rules, fault: null };
  } catch (error) {
    const code = codeOf(error) === 'INTERNAL' ? 'MANIFEST_MISMATCH' : codeOf(error);
    const why = error instanceof HoldpointError ? error.message : 'expected a readable signed manifest';
    return { version, bytesHash, rules: null, fault: new HoldpointError(code, `\`${file}\`: ${why}`) };
  }
}
