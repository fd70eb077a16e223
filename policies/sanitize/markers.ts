import type { Finding, Rule } from './finding.ts';

/** What stands where a forged marker was: no template, tag or fence begins or ends with it. */
export const markerRemoved = '[marker]';

const protocolTags =
  'im_start|im_end|start_of_turn|end_of_turn|start_of_role|end_of_role|tool_calls?|tool_responses?|tool_results?|tool_outputs?|function_calls?|function_results?|function_response|invoke|parameter|antml:[a-z_]{1,40}|system-reminder|system[_-]?prompt|system[_-]?message|system[_-]?instructions?|user[_-]?query|assistant|human|begin_of_text|end_of_text|bos|eos|sop|gmask|think|thinking|scratchpad';
/** Tags that ordinary documents have too: markers only where prose follows, as a machine's own element does not. */
const proseTags = 'system|instructions?|prompt|developer|admin|information|important|untrusted|override|user|context';

type Marker = { readonly rule: Rule; readonly pattern: RegExp };
const markers: readonly Marker[] = [
  {
    rule: 'marker.chat-template',
    pattern:
      /[<＜]\s?[|｜]\s?\/?[A-Za-z][\w .:▁-]{0,60}(?:[|｜]\s?[>＞]?)?|[A-Za-z_]{2,40}\s?[|｜][>＞]|\[\s?\/?\s?(?:INST|SYS|SYSTEM_PROMPT|TOOL_CALLS|AVAILABLE_TOOLS|TOOL_RESULTS|TOOL_CONTENT|gMASK|sMASK)\s?\]|<<\s?\/?\s?SYS\s?>>/gi,
  },
  {
    rule: 'marker.tag',
    pattern: new RegExp(`<\\s?/?\\s?(?:${protocolTags})(?![\\w-])(?:[\\s=/]?[^<>\\n]{0,200}>)?`, 'gi'),
  },
  { rule: 'marker.tag', pattern: new RegExp(`<(?:${proseTags})>(?=\\s*[A-Za-z]['\\w-]*[,:]?\\s+['\\w-]+)`, 'gi') },
  {
    rule: 'marker.role',
    pattern:
      /#{2,6}\s?[([]?\s?(?:(?:begin|end|new|updated?|real|current)[ _])*(?:system(?:[ _](?:message|prompt|instructions?|override))?|instructions?|assistant|human|user(?:[ _]input)?|response|prompt|input)\s?(?:[:)\]]|#{1,6})/gi,
  },
  {
    rule: 'marker.role',
    pattern: /[{,]\s?\\?["']role\\?["']\s?:\s?\\?["'](?:system|developer)\\?["']\s?,\s?\\?["']content\\?["']\s?:/gi,
  },
  { rule: 'marker.role', pattern: /(?<=^|\n|\\n)[ \t]{0,8}(?:Human|Assistant)[ \t]?:/g },
  {
    rule: 'marker.fence',
    pattern:
      /(?:[-=*%#~_]{3,40}|\[)\s?(?:begin|end|start|stop)(?: of)?(?: the| out of date| all)? ?(?:(?:untrusted|external|tool|system|user|assistant|initial|hidden|new|previous)[ _-]?)?(?:prompt|instructions?|context|untrusted|tool[ _-]?(?:output|result|call)s?|(?:user|system|untrusted|external)[ _-]?(?:data|input|message|content))\s?(?:[-=*%#~_]{2,40}|\])/gi,
  },
  { rule: 'marker.fence', pattern: /(?<![^\n])[ \t]{0,8}(?:begin|end) [0-9a-f]{32}(?![0-9a-f])/gi },
  {
    rule: 'marker.fence',
    pattern: /Untrusted data stands between the two lines that hold/gi,
  },
  { rule: 'marker.image-link', pattern: /!\[[^\]\n]{0,200}\]\(\s?(?:https?:)?\/\/[^)\s]{1,400}\?[^)\s]{0,400}\)/gi },
];

/** Cheap signs of which each marker has one: most text has none, and is not looked at again. */
const anySign =
  /[<＜][|｜\s/a-z]|[|｜][>＞]|\[\s?\/?(?:inst|sys|tool|avail|gm|sm|begin|end|st)|##|["']role|(?:^|\\n)[ \t]{0,8}(?:human|assistant|begin |end )|[-=*%#~_]{3}\s?(?:begin|end|st)|Untrusted data|!\[/im;

/** Forged roles, chat-template and tool-call delimiters and fences, each replaced by a word that is none. */
export function removeMarkers(text: string): { readonly text: string; readonly findings: readonly Finding[] } {
  if (!anySign.test(text)) return { text, findings: [] };
  const findings: Finding[] = [];
  let cleaned = text;
  for (const { rule, pattern } of markers) {
    const lines = lineCounter(cleaned);
    cleaned = cleaned.replace(pattern, (...found: unknown[]) => {
      const offset = found.find((one): one is number => typeof one === 'number') ?? 0;
      if (findings.length < findingsMax) findings.push({ rule, line: lines(offset) });
      return markerRemoved;
    });
  }
  return { text: cleaned, findings };
}

const findingsMax = 1_000;

/** Line numbers of places that are asked for in order. */
export function lineCounter(text: string): (place: number) => number {
  let line = 1;
  let counted = 0;
  return (place) => {
    for (; counted < place; counted++) if (text.charCodeAt(counted) === 10) line += 1;
    return line;
  };
}
