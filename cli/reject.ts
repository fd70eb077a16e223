import type { Register } from './shell/command.ts';
import { verdictCommand } from './statements/verdict-command.ts';

/** `holdpoint reject`: signs a refusal of exactly the action shown, and sends it. */
export const rejectCommand: Register = verdictCommand(
  'reject',
  'reject a held action: show, sign, send, wait for the effect',
);
