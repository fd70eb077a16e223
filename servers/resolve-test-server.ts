import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment, Log, Recipe } from './resolve.ts';
import { onPath, resolveServer, runStep } from './resolve.ts';

const version = '1.32.0';

const artifact = (name: string): string =>
  `    <dependency><groupId>io.temporal</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`;
const pom = `<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>holdpoint</groupId>
  <artifactId>test-server</artifactId>
  <version>1</version>
  <dependencies>
${artifact('temporal-test-server')}
${artifact('temporal-sdk')}
  </dependencies>
</project>
`;

/** Given to the SDK as the test server's executable; it passes the port and the SDK's flags on as they are. */
const wrapper = `#!/bin/sh
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
exec java -Xmx512m -cp "$here/lib/*" io.temporal.testserver.TestServer "$@"
`;

async function copyFromMaven(dir: string, log: Log): Promise<void> {
  for (const command of ['java', 'mvn']) if (onPath(command) === null) throw new Error(`no \`${command}\` command`);
  mkdirSync(join(dir, 'lib'), { mode: 0o700 });
  writeFileSync(join(dir, 'pom.xml'), pom);
  // Strict checksums: a file that differs from its repository's published hash fails the build instead of a warning.
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
  const args = ['-B', '-q', '-C', goal, `-DoutputDirectory=${join(dir, 'lib')}`, '-DincludeScope=runtime'];
  await runStep('mvn', args, { cwd: dir, log, what: 'fetching the time-skipping test server' });
  writeFileSync(join(dir, 'test-server'), wrapper);
  chmodSync(join(dir, 'test-server'), 0o755);
}

export const testServerRecipe: Recipe = {
  name: 'temporal-test-server',
  version,
  variable: 'HOLDPOINT_TEST_SERVER_BIN',
  command: 'temporal-test-server',
  executable: 'test-server',
  makers: [{ how: 'Maven', make: copyFromMaven }],
  install: 'install Java 17 and Maven (Debian: default-jre-headless, maven), or name it in HOLDPOINT_TEST_SERVER_BIN',
};

/** The path of an executable time-skipping test server, for tests whose waits take hours. Throws `SERVER_MISSING`. */
export const resolveTestServer = ({ log, env }: { log: Log; env?: Environment }): Promise<string> =>
  resolveServer(testServerRecipe, log, env);
