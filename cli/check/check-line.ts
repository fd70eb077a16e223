import { z } from 'zod';
import { JsonObject } from '../../contracts/values.ts';
import type { CommandVerdict, Forbids } from '../../policies/never-allow/judge-command.ts';
import { judgeAsked } from './judge-asked.ts';

/** Other fields may stand beside these: a line may carry its own notes. */
const Line = z
  .object({
    command: z.string().optional(),
    sql: z.string().optional(),
    tool: z.string().optional(),
    args: JsonObject.optional(),
  })
  .refine(
    ({ command, sql, tool }) => [command, sql, tool].filter((one) => one !== undefined).length === 1,
    'expected one of command, sql and tool',
  );

type Answer = { readonly id: string | number | null } & CommandVerdict;

/** Answers one line. Never throws: whatever the line holds, the next one has its turn. */
export function checkLine(line: string, forbids: readonly Forbids[]): Answer {
  let id: Answer['id'] = null;
  try {
    const raw: unknown = JSON.parse(line);
    id = idOf(raw);
    const parsed = Line.safeParse(raw);
    if (!parsed.success)
      return bad(id, 'input.bad-line', parsed.error.issues[0]?.message ?? 'expected a line to check');
    const { command, sql, tool, args } = parsed.data;
    if (command !== undefined) return { id, ...judgeAsked({ command }, forbids) };
    if (sql !== undefined) return { id, ...judgeAsked({ sql }, forbids) };
    return { id, ...judgeAsked({ tool: tool ?? '', args: args ?? {} }, forbids) };
  } catch {
    return bad(id, 'input.bad-line', 'expected a JSON object');
  }
}

const bad = (id: Answer['id'], rule: string, reason: string): Answer => ({
  id,
  verdict: 'deny',
  rule,
  reason,
  actions: [],
});

export const tooLongLine = bad(null, 'input.too-long', 'expected a shorter line');

function idOf(raw: unknown): Answer['id'] {
  const id = typeof raw === 'object' && raw !== null && 'id' in raw ? raw.id : null;
  return typeof id === 'string' || typeof id === 'number' ? id : null;
}
