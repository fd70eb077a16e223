import type { Register } from './shell/command.ts';
import { verdictCommand } from './statements/verdict-command.ts';

/** `holdpoint approve`: signs a release of exactly the action shown, and sends it. */
export const approveCommand: Register = verdictCommand(
  'approve',
  'release a held action: show, sign, send, wait for the effect',
);
