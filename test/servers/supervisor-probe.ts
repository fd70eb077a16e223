import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../servers/project.ts';
import { startProcesses } from '../../servers/supervisor.ts';
import { prepareWorkspace } from '../../servers/workspace.ts';

// Run as a process by the tests: starts one process, says its pid, and waits to be killed.
const [dir = '', address = ''] = process.argv.slice(2);
const read = (...path: string[]): string => readFileSync(join(projectRoot(), ...path), 'utf8');
const workspace = await prepareWorkspace({
  dir,
  mode: 'development',
  role: 'payments-db',
  targets: [],
  notify: null,
  model: 'rules',
  runbooks: [{ file: 'runbook.yaml', text: read('runbooks', 'postgres-blocked-by-idle-transaction.yaml') }],
  approvers: read('deploy', 'defaults', 'approvers.yaml'),
  powers: read('deploy', 'defaults', 'powers.yaml'),
});
const supervisor = await startProcesses({ workspace, temporal: { address, namespace: 'default' }, only: ['reasoner'] });
process.stdout.write(`${supervisor.pid('reasoner')}\n`);
