import { literalOf, type Word } from '../word.ts';
import { checkEvaluated } from './arithmetic.ts';
import { readEscapes } from './escapes.ts';
import { filterOf } from './filters.ts';
import { formatted } from './printf.ts';
import { assign, type Scope } from './scope.ts';
import { opaque, scalar } from './state.ts';
import { knownText, type Text, textOfWord } from './text.ts';
import type { Output } from './walk.ts';

const charsMax = 262_144;

/**
 * Runs a command that only prints: `echo`, `printf`, a completion, and filters of a known input (`base64 -d`). Undefined for any other
 * command line: its grammar has the word.
 */
export function outputOf(name: string, args: readonly Word[], scope: Scope): Output | undefined {
  if (name === 'echo') return bounded(echo(args, scope), scope);
  if (name === 'printf') return bounded(printf(args, scope), scope);
  if (isCompletion(name, args)) return bounded([], scope);
  const filter = filterOf(name, args.map(literalOf));
  if (filter === null) return undefined;
  const text = scope.input.kind === 'text' ? scope.input.text : null;
  const known = knownText(text);
  if (known === null || !scope.findings.spend(known.length)) return filter.copies ? text : null;
  const made = filter.run(known);
  return bounded(made === null ? null : [made], scope);
}

const completing = new Set(['kubectl', 'kubecolor', 'oc', 'helm', 'docker', 'podman', 'nerdctl']);

/** `kubectl completion bash` prints functions for a shell to complete words with, and no command that does anything. */
const isCompletion = (name: string, [verb, shell, ...more]: readonly Word[]): boolean =>
  completing.has(name) &&
  literalOf(verb) === 'completion' &&
  ['bash', 'zsh'].includes(literalOf(shell) ?? '') &&
  more.length === 0;

function bounded(output: Output, { findings }: Scope): Output {
  const size = output?.reduce((sum, bit) => sum + (typeof bit === 'string' ? bit.length : 1), 0) ?? 0;
  findings.add([{ system: 'host', verb: 'print', object: 'text', names: [], modifiers: [], effect: 'read' }]);
  return size <= charsMax && findings.spend(size) ? output : null;
}

function echo(args: readonly Word[], { dialect }: Scope): Output {
  let first = 0;
  let flags = '';
  for (; /^-[neE]+$/.test(literalOf(args[first]) ?? ''); first++) flags += literalOf(args[first]);
  const texts = args.slice(first).map(textOfWord);
  if (texts.includes(null)) return null;
  const joined = texts.flatMap((text, index): Text => (index === 0 ? (text ?? []) : [' ', ...(text ?? [])]));
  const whole: Text = flags.includes('n') ? joined : [...joined, '\n'];
  // Some shells read escapes without being asked, and print the options.
  if (dialect !== 'bash')
    return flags !== '' || joined.some((bit) => typeof bit === 'string' && bit.includes('\\')) ? null : whole;
  if (flags.lastIndexOf('e') <= flags.lastIndexOf('E')) return whole;
  const known = knownText(whole);
  const plain = known === null ? null : readEscapes(known, 'echo');
  return plain === null ? null : [plain];
}

function printf(args: readonly Word[], scope: Scope): Output {
  const isInto = literalOf(args[0]) === '-v';
  const rest = isInto ? args.slice(2) : literalOf(args[0]) === '--' ? args.slice(1) : args;
  const values = rest.map(literalOf);
  const format = values[0] ?? null;
  const made =
    format === null || values.includes(null) || (scope.dialect !== 'bash' && !isPlain(format))
      ? null
      : formatted(format, values.slice(1).map(String));
  if (!isInto) return made === null ? null : [made];
  const name = literalOf(args[1]) ?? '';
  checkEvaluated(name, scope);
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) assign(scope, name, made === null ? opaque : scalar([made]));
  else scope.findings.refuse('unknown.builtin', '`printf -v` of a name that is not plain');
  return [];
}

/** Every shell prints it alike. */
const isPlain = (format: string): boolean => /^(?:[^%\\]|%s|%%|\\[nt\\])*$/.test(format);
