// The very same workflow in a bundle that breaks the wall: what the schemas of the messages would cost in each of them.
import '../../contracts/action.ts';
import '../../contracts/alert.ts';
import '../../contracts/card.ts';
import '../../contracts/evidence.ts';
import '../../contracts/limits.ts';
import '../../contracts/manifest.ts';
import '../../contracts/receipt.ts';
import '../../contracts/record.ts';
import '../../contracts/recorder-api.ts';
import '../../contracts/runbook.ts';
import '../../contracts/standing.ts';
import '../../contracts/statement.ts';
import '../../contracts/tools/registry.ts';
import '../../contracts/verdict.ts';

export { incident } from '../../workflows/incident.ts';
