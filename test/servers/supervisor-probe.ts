import { startProcesses } from '../../servers/supervisor.ts';
import { plainWorkspace } from './plain-workspace.ts';

// Run as a process by the tests: starts one process, says its pid, and waits to be killed.
const [dir = '', address = ''] = process.argv.slice(2);
const workspace = await plainWorkspace(dir);
const supervisor = await startProcesses({ workspace, temporal: { address, namespace: 'default' }, only: ['reasoner'] });
process.stdout.write(`${supervisor.pid('reasoner')}\n`);
