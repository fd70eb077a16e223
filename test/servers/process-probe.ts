import { spawnSync } from 'node:child_process';
import { runProcess } from '../../workers/process.ts';

// Run as a process by the tests, as the reasoner; `script` in its configuration says what to do.
await runProcess('reasoner', async ({ config, secrets, log, failpoint, scrub, fail, signer }) => {
  const child = spawnSync('env', { encoding: 'utf8' });
  log.info({ key: secrets.key, nested: { password: 'hunter22' } }, `says ${secrets.key.d} as ${signer.as}`);
  log.info({ childEnvironment: child.stdout, scrubbed: scrub(`x${secrets.key.d}x`) }, 'environment of a child');
  switch (config.script) {
    case 'failpoint':
      failpoint('another.place');
      log.info('before the place');
      failpoint('probe.place');
      log.info('after the place');
      break;
    case 'throw':
      throw new Error(`start failed with ${secrets.key.d}`);
    case 'fail':
      setTimeout(() => fail(new Error(`a part died with ${secrets.key.d}`)), 50);
      break;
    case 'reject':
      setTimeout(() => void Promise.reject(new Error('nobody caught this')), 50);
      break;
    case 'hang':
      return { stop: () => new Promise(() => {}) };
  }
  return {
    stop: async () => {
      log.info('stopped in order');
    },
  };
});
