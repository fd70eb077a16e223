import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { resolveServer } from '../../servers/resolve.ts';

// Run as a process by the tests: makes a server that counts how often it was made, slowly enough to be overtaken.
const [countFile = '', buildMs = '0'] = process.argv.slice(2);
const path = await resolveServer(
  {
    name: 'probe',
    version: '1',
    variable: 'PROBE_BIN',
    command: null,
    executable: 'probe',
    install: 'install the probe',
    makers: [
      {
        how: 'slowly',
        make: async (dir) => {
          appendFileSync(countFile, `made by ${process.pid}\n`);
          await new Promise((resolve) => setTimeout(resolve, Number(buildMs)));
          writeFileSync(join(dir, 'probe'), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
        },
      },
    ],
  },
  (line) => process.stderr.write(`${line}\n`),
);
process.stdout.write(path);
