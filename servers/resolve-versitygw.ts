import type { Environment, Log, Recipe } from './resolve.ts';
import { onPath, resolveServer, runStep } from './resolve.ts';

const version = '1.8.0';

/** The module proxy's answers are checked against Go's checksum database, so this needs no hash of ours. */
async function build(dir: string, log: Log): Promise<void> {
  if (onPath('go') === null) throw new Error('no `go` command');
  await runStep('go', ['install', `github.com/versity/versitygw/cmd/versitygw@v${version}`], {
    cwd: dir,
    env: { GOBIN: dir },
    log,
    what: 'building the S3 server (a minute, once)',
  });
}

export const versitygwRecipe: Recipe = {
  name: 'versitygw',
  version,
  variable: 'HOLDPOINT_VERSITYGW_BIN',
  command: 'versitygw',
  executable: 'versitygw',
  makers: [{ how: 'build from source', make: build }],
  install:
    'install versitygw (https://github.com/versity/versitygw) on PATH, or Go 1.26 to build it, or name it in HOLDPOINT_VERSITYGW_BIN',
};

/** The path of `versitygw`, an S3 server whose Object Lock holds. Throws `SERVER_MISSING`. */
export const resolveVersitygw = ({ log, env }: { log: Log; env?: Environment }): Promise<string> =>
  resolveServer(versitygwRecipe, log, env);
