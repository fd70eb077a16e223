import type { Draft } from '../turn.ts';
import type { Answer, RawCall } from './answer.ts';
import { Conclusion, concludeTool, type Offers } from './offers.ts';

const whole: ReadonlySet<string> = new Set(['tool_use', 'end_turn', 'tool_calls', 'stop']);
const refused: ReadonlySet<string> = new Set(['refusal', 'content_filter']);
const cutShort: ReadonlySet<string> = new Set(['max_tokens', 'length']);

/** A provider's answer as a draft: untrusted still. Arguments count only where they are JSON as they stand. */
export function draftOf(model: string, { nameOf }: Offers, { calls, text, stop }: Answer): Draft {
  const fault = faultOf(calls, stop);
  if (fault !== null) {
    const said = { stop, text, calls: calls.map(({ name, args }) => ({ name, args })) };
    return { model, label: null, said, fault: { code: 'PROPOSAL_INVALID', reason: fault } };
  }
  const ends = calls.filter(({ name }) => name === concludeTool).map(({ args }) => Conclusion.safeParse(jsonOf(args)));
  const [end] = ends;
  const conclusion = end === undefined ? null : ends.length === 1 && end.success ? end.data.conclusion : ends.length;
  const asked = calls.filter(({ name }) => name !== concludeTool);
  return { model, label: null, said: { calls: asked.map((call) => saidOf(call, nameOf)), conclusion } };
}

/** Why nothing of an answer counts: of one that was cut short nobody knows what it would have been. */
function faultOf(calls: readonly RawCall[], stop: string | null): string | null {
  const word = stop ?? 'none';
  if (refused.has(word)) return 'draft: the model refused to answer';
  if (cutShort.has(word)) return 'draft: expected a shorter answer, got one that was cut at its limit of tokens';
  if (!whole.has(word)) return 'draft: expected a whole answer, got one that ended for another reason';
  return calls.length === 0 ? 'draft: expected calls of tools, got none' : null;
}

function saidOf({ name, args }: RawCall, nameOf: Offers['nameOf']): unknown {
  const tool = nameOf.get(name) ?? name;
  const input = jsonOf(args);
  const isObject = typeof input === 'object' && input !== null && !Array.isArray(input);
  // A field that would stand in for the tool's name is an extra field like any other.
  return isObject && !Object.hasOwn(input, 'tool') ? { ...input, tool } : { tool, input };
}

/** Undefined for what is no JSON. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text === '' ? '{}' : text);
  } catch {
    return undefined;
  }
}
