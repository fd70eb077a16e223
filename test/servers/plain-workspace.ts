import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../servers/project.ts';
import { prepareWorkspace, type Workspace } from '../../servers/workspace.ts';

const read = (...path: string[]): string => readFileSync(join(projectRoot(), ...path), 'utf8');

/** A workspace of what the repository holds, with no target. */
export const plainWorkspace = (dir: string): Promise<Workspace> =>
  prepareWorkspace({
    dir,
    mode: 'development',
    role: 'payments-db',
    targets: [],
    notify: [],
    model: 'rules',
    runbooks: [{ file: 'runbook.yaml', text: read('runbooks', 'postgres-blocked-by-idle-transaction.yaml') }],
    approvers: read('deploy', 'defaults', 'approvers.yaml'),
    powers: read('deploy', 'defaults', 'powers.yaml'),
  });
