import type { JsonObject } from '../../contracts/values.ts';
import {
  type CommandVerdict,
  type Forbids,
  judgeCommand,
  judgeSqlText,
} from '../../policies/never-allow/judge-command.ts';
import { judgeToolCall } from '../../policies/never-allow/judge-tool.ts';

export type Asked =
  | { readonly command: string }
  | { readonly sql: string }
  | { readonly tool: string; readonly args: JsonObject };

/** Judges whichever of the three is asked about. Never throws. */
export function judgeAsked(asked: Asked, forbids: readonly Forbids[]): CommandVerdict {
  if ('command' in asked) return judgeCommand(asked.command, forbids);
  if ('sql' in asked) return judgeSqlText(asked.sql, forbids);
  return judgeToolCall(asked.tool, asked.args, forbids);
}
