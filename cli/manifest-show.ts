import { requireClientConfig } from './client-config.ts';
import { newestRules } from './connect/rules.ts';
import { renderRules, summaryOf } from './connect/rules-summary.ts';
import type { Register } from './shell/command.ts';
import { answer, run, subcommand } from './shell/command.ts';

/** `holdpoint manifest show`: the newest manifest that the processes of this home load, verified before it is shown. */
export const manifestShow: Register = (parent, { io, status }) => {
  subcommand(parent, 'show', 'show the newest manifest: runbooks, people, powers', ['holdpoint manifest show']).action(
    run({ io, status }, async (options: { json?: boolean }) => {
      const rules = await newestRules(requireClientConfig(io), Date.now());
      return answer(io, options.json, summaryOf(rules), () => {
        for (const line of renderRules(rules)) io.out(line);
      });
    }),
  );
};
