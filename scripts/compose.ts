import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { initCompose } from './compose-init.ts';

const root = process.cwd();
const targets = join(root, '.holdpoint', 'targets.json');
const targetsFile = existsSync(targets) ? targets : null;
const dir = join(root, '.holdpoint', 'compose');
const notifyFile = join(root, '.holdpoint', 'notify.json');
const runbooksDir = join(root, 'runbooks');
await initCompose({ dir, runbooksDir, targetsFile, notifyFile, person: 'oncall@example.com' });
console.log(`wrote .holdpoint/compose (${targetsFile === null ? 'no targets: put them into .holdpoint/targets.json and run this again' : 'targets from .holdpoint/targets.json'})
next: docker compose up --build -d
then: HOLDPOINT_HOME=.holdpoint/compose npx holdpoint resume --all    # everything is stopped until you sign this
      HOLDPOINT_HOME=.holdpoint/compose npx holdpoint resume --runbook RUNBOOK_ID`);
