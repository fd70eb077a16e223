import { resolve } from 'node:path';
import { renderManifests, runbookManifests } from '../policies/kubernetes-rbac.ts';
import { parseRunbook } from '../policies/runbook.ts';
import { loadSqlParser } from '../policies/sql-read.ts';
import { visible } from '../policies/visible.ts';
import type { Register } from './shell/command.ts';
import { run, subcommand } from './shell/command.ts';
import { readText } from './shell/read-text.ts';
import { exitDone, Refusal } from './shell/refusal.ts';

const notes = `
What is printed is for kubectl apply -f -. docs/operations.md says what each account is for, and what is to be applied before.`;

/** `holdpoint runbook rbac`: the accounts of a runbook in a cluster, and exactly what its tools need in its scopes. */
export const runbookRbac: Register = (parent, { io, status }) => {
  subcommand(parent, 'rbac', 'print the accounts and Roles that a runbook needs in a cluster', [
    'holdpoint runbook rbac runbooks/kubernetes-stuck-rollout.yaml | kubectl apply -f -',
  ])
    .argument('<file>', 'the runbook file')
    .addHelpText('after', notes)
    .action(
      run({ io, status }, async (file: string) => {
        await loadSqlParser();
        const { runbook } = parseRunbook(await readText(resolve(io.cwd, file)), visible(file, 300));
        if (!runbook.tools.some(({ tool }) => tool.startsWith('k8s.')))
          throw new Refusal(
            'BAD_INPUT',
            `\`${runbook.id}\` lists no tool of a cluster`,
            'name a runbook that lists one',
          );
        io.out(renderManifests(runbookManifests(runbook)).trimEnd());
        return exitDone;
      }),
    );
};
