import type { Rule } from './finding.ts';

export type Pattern = {
  readonly rule: Rule;
  /** Two make a line suspicious. */
  readonly points: 1 | 2;
  /**
   * Elements in order: a written word or a part of `lexicon.ts`, `a|b` either; `~3` lets up to three other words stand before the
   * next; `-A` wants the next word not to be one; `:` lets a sentence end there; `!` marks the element without which no line is
   * looked at closely; `^` first wants a verb that orders.
   */
  readonly words: string;
};
const of =
  (rule: Rule) =>
  (points: 1 | 2, ...all: string[]): Pattern[] =>
    all.map((words) => ({ rule, points, words }));
const override = of('instruction.override');
const disclose = of('instruction.disclose');
const persona = of('instruction.persona');
const addressed = of('instruction.addressed');
const task = of('instruction.task');
const act = of('instruction.act');

/** The grammar of telling a reader what to do. Each line of it is a shape, not a sentence that was seen. */
export const patterns: readonly Pattern[] = [
  ...override(
    2,
    '^ SETASIDE! ~2 WHICH ~3 ORDERS',
    '^ SETASIDE! ~2 PRIOR ~2 TOLD',
    '^ SETASIDE! ~2 ORDERS|TOLD ~1 above|before|previously|given|so',
    '^ SETASIDE! ~1 EVERYTHING',
    '^ SETASIDE! ~1 what|whatever|all|that|was ~3 said|told|wrote|before|know|davor|besprochen|gesagt',
    'PRIOR ~1 ORDERS|TOLD ~2 SETASIDE!',
    'WHICH ~2 INSTR ~2 SETASIDE!',
    '^ DROP ~2 WHICH ~2 INSTR!',
    '^ bypass|circumvent|evade|contournez|contourne|umgehe! ~2 GUARD|content|security',
    'you can|may|will|must|should ~1 bypass|circumvent|evade! ~2 GUARD',
  ),
  ...override(
    1,
    '^ SETASIDE! ~2 ORDERS|GUARD|politique',
    '^ BYPASS! ~2 GUARD',
    '^ DROP ~2 PRIOR ~1 rules|tasks|task|aufgaben|taches|tareas|assignments!',
    '^ leave ~4 information|messages|tasks ~0 behind!',
    'stop everything!',
    'safety|security|content filters|guardrails|policy! off|disabled',
    '^ SETASIDE! ~1 above|user|users|human|operator|owner|developer|davor',
    '^ SETASIDE! ~6 and ~1 say|print|write|output|reply|respond|answer|tell|repeat|give|do|run|execute',
    '^ DROP ~2 PRIOR ~1 information|informationen ~0 behind|hinter!',
    'your safety ~1 UNBOUND|filters!',
    'nevermind!',
  ),
  ...disclose(
    2,
    '^ REVEAL! ~3 KEPT ~2 PROMPT|rules|texts',
    '^ REVEAL! ~4 SECRET',
    '^ TELL ~3 KEPT ~2 PROMPT!',
    '^ TELL|REVEAL ~2 all|every|each|alle ~2 INSTR!',
    'beginning|start|top ~3 prompt|instructions!',
    'prompt|prompts|instructions! ~1 above|beginning',
    'what|which ~2 your ~2 INSTR!',
  ),
  ...disclose(
    1,
    '^ TELL ~4 SECRET!',
    '^ TELL ~5 SECRET! ~2 to|a|an',
    '^ TELL|REVEAL ~3 training! data',
    '^ REVEAL|TELL ~2 PROMPT! ~2 sistema|systeme|system',
    'prompt! text|texts|texte',
    'system prompt|prompts|prompting!',
    'your ~2 PROMPT!',
    '^ REVEAL! ~3 KEPT|all',
    '^ expose|leak|exfiltrate! ~2 data|database|customer',
  ),
  ...persona(
    2,
    'you! are|re now -STATUS',
    'now you! are|re -STATUS',
    'du bist|sind jetzt|nun|ab!',
    'tu es|eres|sei|voce maintenant|ahora|ora|agora!',
    'you! are|re|become|be -STATUS ~2 AI|FREE|AGENT',
    'i ~1 want|need|order|command|instruct you! to',
    '^ pretend! to|you|that|as|tu|du',
    'you! ~2 no|without ~2 UNBOUND|content',
    '^ act as if|though you!',
    'ich mochte|will dass du! ',
  ),
  ...persona(
    1,
    '^ act! as a|an|my|the|if|though',
    '^ roleplay|impersonate|simulate! ~2 as|a|an|being',
    '^ role play|playing!',
    '^ imagine! you|that|being',
    'without|no ~1 UNBOUND!',
    'FREE!',
    'developer|god|dan|jailbreak! mode',
    'mode override|activated!',
    'you! will|must|shall|should ~2 reply|respond|act|answer|type|comply|obey|speak|output|say|pretend|follow',
    'du bist!',
    'as|being ~1 an ai!',
  ),
  ...addressed(
    2,
    'to you ~1 AI!',
    'attention|dear|hey|hi|hello|ok|listen ~1 AI!',
    'note|message|instruction|instructions|notice|memo to|for|a|pour ~3 AI!',
    'AI! ~0 must|should|shall|doit|debe|deve|muss ~1 DO|SETASIDE|REVEAL|BYPASS',
    'AI! : ~1 please|now|you|SETASIDE|REVEAL ~1 DO|SETASIDE|REVEAL|PRIOR|must|are|KEPT',
    'task|question ~2 i|we ~1 gave|give you!',
    'anything|whatever! i|we ask|say|tell|want|command',
  ),
  ...addressed(
    1,
    'AGENT ~0 must|should|shall! ~1 SETASIDE|REVEAL|call|run|execute|delete',
    'note|instruction|instructions! to|for ~2 AGENT',
    'AI! model|agent|assistant|system|reading|summarizing|processing',
    'language model!',
    'i|we ~1 gave|told|said|asked ~1 you!',
    'important! message from|for|to',
    'we ~1 ask|want|need you! to',
    'when|if ~1 you! ~2 read|reading|summarize|summarizing|process|see ~2 this',
    'told|asked ~1 me to tell you!',
    'when summarizing|reading|processing! ~1 this',
  ),
  ...task(
    2,
    'new|real|true|neue|neuen|nouvelles|nuevas|nuove INSTR!',
    'your|deine|ihre|votre|tu! new|neue|nouvelle|nueva ~1 task|role|aufgabe|rolle|goal|objective|orders|rules|mission|name|tache|tarea',
    'your ~2 task|job|role|goal|objective|mission|purpose! is|are|will|was|be ~2 to',
    'be your job|task!',
    'your! ~2 instructions|orders|directives are|were|is',
    'from now! on ~1 you|SETASIDE|answer|respond|act|reply|do',
    '^ adhere|comply ~2 following ~1 INSTR!',
    '^ follow|obey|execute ~2 my|new ~2 INSTR!',
    '^ approve|confirm|authorize ~3 tool call|calls!',
    '^ do ~2 following ~0 first!',
  ),
  ...task(
    1,
    'additional|further|updated|revised|actual|secret|special|following|begin|weitere INSTR!',
    'new|neue|neuen|nouvelle|nueva|weitere|weiteren|special ~1 task|tasks|role|aufgabe|aufgaben|rolle|goal|objective|directive|mission!',
    'real|actual! task|goal|job|mission',
    'from now! on',
    'the following! ~1 INSTR|task|question',
    'strictly ~2 adhere|follow|obey!',
    'before you! can',
    '^ do ~1 following!',
    '^ just|only|simply|nur say|print|write|output|reply|respond|answer|repeat|display!',
    'now|instead ~1 just|only|simply! DO',
    '^ say|print|output|write|reply|respond ~1 only!',
    'instead ~2 say|print|write|output|reply|display|respond!',
    'nothing|anything else!',
    '^ reply|respond|answer|antworte|antworten|reponds|responde! ~2 with|without|in|as|only|to|auf',
    '^ answer|beantworte|beantworten|repondez ~2 following|folgende ~1 question|questions|frage|fragen!',
    '^ remember|memorize|note ~1 permanently|forever|always!',
    'recuerda|merke|retenez|souviens ~3 permanente|permanentemente|dauerhaft|toujours|siempre|immer!',
    'this user is ~2 admin|administrator|authorized!',
    'without ~3 approval|confirmation|asking|permission!',
    '^ focus|concentrate|konzentriere|concentre ~5 new|neue|nouvelle ~1 task|aufgabe|tache!',
    'important ignore|read|do|note!',
    '^ follow ~2 them|these ~1 carefully!',
    'system override|upgrade!',
    'you previously|already agreed|confirmed|promised|said!',
    'instruction|instructions : ~1 SETASIDE|do|write|output|say|print!',
    'instructions|rules! ~2 you|i|were|have ~2 given|told|gave|received',
    '^ decode! ~2 following|this|and',
    '^ write|tell|give|show|schreibe|schreib|gib|zeig|zeige|ecris|escribe me|mir|moi! ~1 a|an|the|eine|einen|ein|un|una|all|alle|how',
    'need|brauche your|deine|ihre help|hilfe!',
    'now ~1 output|say|print|reveal|respond! ',
  ),
  ...act(2, 'todo! : DO', 'todo! : ~1 invite|add|wire|buy|visit|book'),
  ...act(
    1,
    'following! command|commands|code|query|tool|script|action|function',
    'command|commands|tool|code ~0 below!',
    '^ call|use|invoke|utilisez|usa|utilise ~2 tool|outil|function|herramienta!',
    'tool! ~1 with args|arguments|parameters',
    '^ run|execute|call|do|perform|please|issue : ~1 kubectl|drop|aws|rm|terraform|delete|truncate|helm|sudo|shutdown! ~6 delete|rm|table|destroy|all|scale|drop|rf|recursive|uninstall|prune',
    '^ remove|delete|wipe|destroy|erase! ~3 backups|backup|deployment|deployments|cluster|logs|evidence|database ~1 with|now|and|in|using',
    '^ send|transfer|forward|upload|email|envoyez|envoie|envia|sende|export|invite! ~12 @|http|https|www',
    '^ visit|chargez|browse|navigate! ~5 website|link|url|page|http|https|www',
    '^ open|go|load|fetch ~5 website|link!',
    '^ send|transfer|pay|wire! ~3 money|transaction|payment|funds|bitcoin',
    '^ include|append|attach ~4 canary|secret|credentials|token!',
    'read secret|secrets!',
    '^ DO ~6 then|puis|luego|dann! DO',
  ),
];
