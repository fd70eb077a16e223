import type { ToolCall } from '../../../contracts/action.ts';
import { toolRegistry } from '../../../contracts/tools/registry.ts';
import type { Turn } from '../turn.ts';

/** Text of the evidence, with what is around it: an instruction is obeyed where it stands. */
type Said = { readonly text: string; readonly database: string };

const textsMax = 10_000;

/** What sounds like being told what to do. Ordinary queries hold SQL too, and are not instructions. */
const instructing =
  /\b(ignore|disregard|forget|override)\b.{0,80}\b(instruction|rule|prompt|polic|previous|above|prior)|\byou (must|should|are now|have to|need to)\b|\b(new instructions?|system prompt|system:|assistant:)|\b(run|execute|issue|call|invoke|perform)\b/is;
const sqlStart =
  /(["'`]?)\b(drop\s+\w+|truncate\s+\w+|delete\s+from\s+\w+|alter\s+\w+\s+\w+|update\s+\w+\s+set\b|insert\s+into\s+\w+|create\s+(?:or|table|role|user|function|extension|database)\b|(?:grant|revoke)\s+\w+|copy\s+\w+|vacuum\b|select\s+[\w.]+\s*\()/i;
const toolCall = /\b([a-z][a-z0-9]*\.[a-z][A-Za-z0-9]*)\s*\(?\s*(\{.*\})/s;
const endSession = /\b(terminate|kill|cancel)\b[^.;]{0,80}?\b([1-9]\d{1,9})\b/i;

/** The calls that text in the evidence tells its reader to make, in the order of the prompt, each once. */
export function callsToObey(turn: Turn): ToolCall[] {
  const found = new Map<string, ToolCall>();
  for (const said of textsOf(turn)) {
    const told = instructing.exec(said.text);
    if (told === null) continue;
    const call = obey({ ...said, text: said.text.slice(told.index) }, turn);
    if (call !== null)
      found.set(JSON.stringify([call.tool, call.args]), found.get(JSON.stringify([call.tool, call.args])) ?? call);
    if (found.size >= turn.callsMax) break;
  }
  return [...found.values()];
}

function obey(said: Said, turn: Turn): ToolCall | null {
  const why = `the evidence says: ${said.text.slice(0, 300)}`.replace(/\p{C}/gu, ' ');
  const asked = namedTool(said.text) ?? sqlQuery(said) ?? sessionEnd(said.text, turn);
  return asked === null ? null : { ...asked, why };
}

type Asked = Pick<ToolCall, 'tool' | 'args'>;

function namedTool(text: string): Asked | null {
  const [, tool = '', json = ''] = toolCall.exec(text) ?? [];
  if (!toolRegistry.has(tool)) return null;
  // The arguments end at the brace that makes them JSON, wherever the sentence goes on.
  for (let end = json.indexOf('}'), tries = 0; end !== -1 && tries < 64; end = json.indexOf('}', end + 1), tries++) {
    try {
      return { tool, args: JSON.parse(json.slice(0, end + 1)) as ToolCall['args'] };
    } catch {
      // not yet the last brace
    }
  }
  return null;
}

function sqlQuery({ text, database }: Said): Asked | null {
  const start = sqlStart.exec(text);
  if (start === null) return null;
  const quote = start[1] ?? '';
  const rest = text.slice(start.index + quote.length);
  const marks = [';', '*/', '\n', '`', ...(quote === '' ? [] : [quote])].map((mark) => rest.indexOf(mark));
  const ends = [...marks, rest.search(/\.(\s+[A-Z]|\s*$)/)].filter((at) => at !== -1);
  return {
    tool: 'postgres.query',
    args: { database, sql: rest.slice(0, Math.min(rest.length, 8_192, ...ends)).trim() },
  };
}

function sessionEnd(text: string, { evidence }: Turn): Asked | null {
  const [, verb = '', pid = ''] = endSession.exec(text) ?? [];
  if (pid === '') return null;
  const tool = verb.toLowerCase() === 'cancel' ? 'postgres.cancelBackend' : 'postgres.terminateBackend';
  for (const { hash, result } of evidence.toReversed()) {
    const entity = result.entities.find(({ kind, attributes }) => kind === 'backend' && attributes.pid === Number(pid));
    if (entity !== undefined) return { tool, args: { target: { entity: entity.id, resultHash: hash } } };
  }
  return null;
}

/**
 * Every text of the evidence, alert first and newest next, as it was before anything was taken out of it: a hijacked model
 * is what there would be if no filter found anything.
 */
function textsOf({ alert, evidence, runbook }: Turn): Said[] {
  const scoped = runbook.runbook.tools.flatMap(({ scopes }) => scopes.databases ?? [])[0] ?? 'postgres';
  const results = evidence.toReversed().map(({ result: { args, data, entities } }) => ({ args, data, entities }));
  const texts = [{ args: {}, alert }, ...results].flatMap((line) => {
    const { args } = line as { args?: { database?: unknown } };
    const database = typeof args?.database === 'string' ? args.database : scoped;
    return [...stringsIn(line)].map((text) => ({ text, database }));
  });
  return texts.slice(0, textsMax);
}

function* stringsIn(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (typeof value === 'object' && value !== null)
    for (const inner of Object.values(value)) yield* stringsIn(inner);
}
