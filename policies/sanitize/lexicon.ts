import { fold } from './fold.ts';

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/**
 * Words by the part that they play in telling a reader what to do: parts of speech of a small grammar, in the languages that
 * attacks were seen in. None of them means anything alone.
 */
const parts = {
  // To set aside. The first are said of instructions, the second of anything.
  SETASIDE: words(
    `ignore disregard forget override overrule disobey unlearn ignor ignoriere ignorier ignoriert ignorieren vergiss vergesst
    vergessen missachte missachten missachtet oublie oubliez oublier ignorez ignorer ignora ignoren ignorar olvida olvide
    olviden olvidar dimentica dimenticate ignori ignorate esqueca esquecer ignorem negeer vergeet zignoruj zapomnij ignoruj
    zapomen ignorera glom игнорируй игнорируйте забудь забудьте проигнорируй проигнорируйте yoksay unut`,
  ),
  DROP: words(
    'drop leave remove cancel abandon discard skip stop erase clear neglect dismiss suspend streichen lassen laisse deja',
  ),
  BYPASS: words(
    'bypass circumvent evade disable deactivate contourne contournez contourner umgehe umgehen evita elude omite',
  ),
  GUARD: words(
    `approval approvals safety filter filters restriction restrictions guardrail guardrails moderation safeguard safeguards
    confirmation censorship policy policies protections alignment controls politique seguridad`,
  ),
  // What a reader was told before.
  ORDERS: words(
    `instruction instructions directive directives rule rules guideline guidelines prompt prompts order orders constraint
    constraints restriction restrictions direction directions assignment assignments task tasks programming limitations
    policy policies commands training anweisung anweisungen befehl befehle aufgabe aufgaben auftrag auftrage auftragen regeln
    vorgaben instruktionen ausfuhrungen consigne consignes regle regles directive politique ordres taches instruccion
    instrucciones reglas ordenes tareas istruzione istruzioni regole instrucao instrucoes regras instructies regels
    instrukcje polecenia pokyny instruktioner инструкции инструкцию указания правила команды talimat talimatlari`,
  ),
  TOLD: words(
    'text messages message context conversation information informationen dialogue chat data input question content',
  ),
  WHICH: words(
    `previous prior above preceding earlier former foregoing all any every your my initial original existing current these
    those system past previously hidden safety prev alle allen aller bisherige bisherigen vorherige vorherigen obige obigen
    vorangegangenen deine deiner ihre toutes tous precedentes precedents anteriores todas todos sus tus tutte precedenti
    todas anteriores vorige alle poprzednie wszystkie predchozi все предыдущие ваши onceki tum`,
  ),
  PRIOR: words(
    `previous prior above preceding earlier former foregoing your my initial original last past previously prev bisherige
    bisherigen vorherige vorherigen obige obigen vorangegangenen deine deiner ihre precedentes precedents anteriores tus
    precedenti vorige poprzednie predchozi предыдущие ваши onceki`,
  ),
  INSTR: words(
    `instruction instructions directive directives prompt prompts guidelines anweisung anweisungen instruktionen consignes
    instrucciones istruzioni instrucoes instructies instrukcje pokyny инструкции`,
  ),
  EVERYTHING: words('everything alles tout todo tutto tudo wszystko всё все anything'),
  // To show what is kept from others.
  REVEAL: words(
    `reveal leak expose disclose divulge exfiltrate affiche affichez afficher revele revelez revela revele revelar divulga
    verrate enthulle zeige zeig zeigen vorzeigen montre montrez muestra muestre mostrar mostra rivela раскрой покажи`,
  ),
  TELL: words(
    `show print output display repeat tell give share return write send say list dump provide export append include echo recite
    copy summarize translate spell render paste recall access drucke schreib schreibe gib nenne envoie envoyez ecris imprime
    di escribe copiez copie`,
  ),
  PROMPT: words(
    `prompt prompts instructions instruction directions directives invite preprompt prompttexte promt systemprompt guidelines
    rules prompting`,
  ),
  KEPT: words(
    `system hidden initial initials internal secret original your private confidential above preceding previous developer
    underlying my deine deinen samtlicher votre cachee tu su sistema systeme`,
  ),
  SECRET: words(
    `secret secrets password passwords credential credentials canary apikey keys key token tokens passwd records passworter
    geheimnisse secretos contrasenas motdepasse donnees`,
  ),
  // To be somebody else.
  UNBOUND: words(
    'restrictions limitations filters rules guidelines constraints censorship boundaries policy policies ethics morals',
  ),
  FREE: words('unrestricted unfiltered uncensored jailbroken jailbreak'),
  AI: words(
    `ai llm llms gpt chatgpt gpt4 claude gemini assistant assistants chatbot copilot bard assistent asistente assistente sistente
    ki ia asystent ассистент`,
  ),
  AGENT: words('agent agents model bot'),
  // What a reader is asked to do.
  DO: words(
    `run execute call invoke perform issue use apply delete drop remove send transfer visit open load fetch download upload post
    email invite change modify add create update grant approve forward concatenate reveal print output write say tell show
    respond reply answer act ignore follow disclose give export escalate summarize bypass scale restart terminate kill patch
    rollback click go buy pay share copy list store append include read check repeat generate utilisez utilise envoyez envoie
    executez chargez ejecuta ejecute envia envie usa use fuhre sende schreibe zeige`,
  ),
  MUST: words(
    'must should shall need needs required has have please doit devez muss musst mussen soll debe debes deve dolzhen',
  ),
  // What keeps a verb from being an order: somebody else does it, or does not.
  DOER: words(
    `it we they which that who server client user failed unable cannot could would did does the a an will may might not never of
    i he she this can`,
  ),
  ORDERED: words('you want need have going ask asked remember told instructed order ordered is are job task please'),
  // What speaks about text instead of to a reader.
  ABOUT: words(
    `phrase phrases example examples quote quotes quoted quoting mention mentions documentation docs guidance describe describes
    pattern patterns sample samples fixture detector detectors training material awareness test tests regression analysts article
    writeup benchmark explainer discussion discussing untrusted defenses learners snapshot attack attacks coverage threat detect
    classifier flag flags teams treat saying review readme compare research blog evaluates paper studies paraphrases transcript
    changelog phrasing wording keyword keywords says like`,
  ),
  STATUS: words(
    `connected logged registered subscribed signed in on ready able using running authenticated unsubscribed following viewing
    leaving entering up being not at going allowed authorized enrolled online offline done set required about done out`,
  ),
} as const;

export type Part = keyof typeof parts;
const keyed = (list: readonly string[]): ReadonlySet<string> =>
  new Set(list.map((word) => fold(word).replaceAll('\0', '')));

const sets: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries(parts).map(([part, list]) => [part, keyed(list)]),
);

/** The folded words of a part, or of one written word. */
export const wordsOfPart = (name: string): ReadonlySet<string> => sets.get(name) ?? keyed([name]);
