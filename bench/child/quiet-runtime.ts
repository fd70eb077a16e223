import { DefaultLogger, Runtime } from '@temporalio/worker';

/** The SDK says what went wrong, and nothing else. */
export function installQuietRuntime(): void {
  const logger = new DefaultLogger('ERROR', ({ message, meta }) => {
    process.stderr.write(`${message} ${meta?.error instanceof Error ? meta.error.stack : ''}\n`);
  });
  Runtime.install({ logger });
}
