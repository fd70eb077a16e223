import { runCli } from './program.ts';
import { processIo } from './shell/io.ts';

const lingerMs = 2_000;

// Not `process.exit` at once: what was printed into a pipe would be lost.
process.exitCode = await runCli(process.argv.slice(2), processIo());
// An interrupted step may hold the program open; whatever had to be undone is undone by now.
setTimeout(() => process.exit(), lingerMs).unref();
