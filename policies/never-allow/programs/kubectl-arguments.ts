import { isSet, lastValue, type Parsed } from '../options.ts';
import { literal, literalOf, textOf, type Word } from '../word.ts';
import { kindOf, kindsOf } from './kubernetes-kinds.ts';

/** One call of kubectl: its verb, and what the verb is given. */
export type Call = {
  readonly verb: string;
  readonly parsed: Parsed;
  /** The arguments, those after `--` included. */
  readonly args: readonly Word[];
  /** The text of an expansion or unknown option that could add options or arguments; null when there is none. */
  readonly open: string | null;
  /** Whether an option is given that the command does not have. */
  readonly strange: boolean;
};

const podVerbs = new Set(['logs', 'exec', 'attach', 'debug', 'port-forward', 'run', 'rsh']);
const nodeVerbs = new Set(['cordon', 'uncordon', 'drain']);
const plainVerbs =
  /^(config|auth|plugin|kuberc|completion|api-|version|options|help|cluster-info|kustomize|diff|proxy|$)|^(login|logout|projects?|new-|policy|whoami|get-token|status|process|image|adm-(?!drain|cordon|uncordon|taint))/;

/** The kinds that a call acts on; '' where its verb has none, '*' where they cannot be told. */
export function kindsFor({ verb, parsed, args, open }: Call): readonly string[] {
  if (plainVerbs.test(verb)) return [''];
  if (nodeVerbs.has(verb.replace(/^adm-/, ''))) return ['node'];
  if (verb.startsWith('top-')) return [verb.slice('top-'.length)];
  if (verb.startsWith('certificate')) return ['certificatesigningrequest'];
  if (verb === 'cp') return ['pod'];
  if (podVerbs.has(verb)) return typedKind(args[0]) ?? ['pod'];
  if (verb === 'explain') return [kindOf((literalOf(args[0]) ?? '*').split('.')[0] ?? '')];
  if (verb === 'events') return ['event'];
  if (open !== null || isFromFiles(parsed) || lastValue(parsed, 'raw') !== null) return ['*'];
  const kinds = objectsOf(args);
  return kinds === null || kinds.length === 0 ? ['*'] : kinds;
}

/** The kind in `deploy/web` or `deploy/$X`; null where the word has no slash. */
function typedKind(word: Word | undefined): string[] | null {
  const text = word?.kind === 'unknown' ? word.prefix : (word?.value ?? '');
  return text.includes('/') ? kindsOf(text.slice(0, text.indexOf('/'))) : null;
}

/** Every kind that the arguments name: `TYPE[,TYPE] NAME…` or `TYPE/NAME…`. Null when an expansion decides one. */
export function objectsOf(args: readonly Word[]): string[] | null {
  const [first] = args;
  if (first === undefined) return [];
  const typed = args.map(typedKind);
  const slashed = typed.flatMap((kinds) => kinds ?? []);
  const list = typed[0] === null ? literalOf(first) : '';
  if (list === null) return null;
  if (list !== '') return [...new Set([...kindsOf(list), ...slashed])];
  // `pod/$X` may split into `pod/a deployment/b`; after `TYPE NAME` such a word is refused by kubectl.
  const decided = args.every((word, at) => word.kind === 'literal' || (typed[at] !== null && !word.splits));
  return decided ? [...new Set(slashed)] : null;
}

/** What the arguments name, for people to read. */
export const namesOf = (args: readonly Word[], from = textOf(args[0] ?? literal('')).includes('/') ? 0 : 1): string[] =>
  args.slice(from).map(textOf);

/** The options that change what a call means. */
export function modifiersOf(parsed: Parsed): string[] {
  const dryRun = parsed.options.findLast(({ name }) => name === 'dry-run');
  const isDry = dryRun !== undefined && (dryRun.value === null || /^(client|server|true)$/.test(textOf(dryRun.value)));
  const cascade = lastValue(parsed, 'cascade');
  const set = (modifier: string, ...names: string[]) => (isSet(parsed, ...names) === false ? [] : [modifier]);
  return [
    ...(isDry ? ['dry-run'] : []),
    ...set('all', 'all'),
    ...set('all-namespaces', 'all-namespaces', 'A'),
    ...set('force', 'force'),
    ...set('prune', 'prune'),
    ...set('recursive', 'recursive', 'R'),
    ...(cascade !== null && ['orphan', 'false'].includes(textOf(cascade)) ? ['orphan'] : []),
  ];
}

/** Whether the objects come from manifests. */
export const isFromFiles = ({ options }: Parsed): boolean =>
  options.some(({ name }) => ['f', 'filename', 'k', 'kustomize'].includes(name));
