import type {
  AndOr,
  ArithmeticFor,
  Case,
  CommandNode,
  CompoundList,
  Coproc,
  For,
  Function as FunctionNode,
  If,
  ParsedScript,
  Pipeline,
  PipelineNode,
  Select,
  Statement,
  TestExpression,
  While,
} from 'unbash';
import { checkEvaluated, visitArithmetic } from './arithmetic.ts';
import { runCommand } from './command.ts';
import { expandText, expandWords, refuseDialect } from './expand.ts';
import { repeat } from './loop.ts';
import { redirect } from './redirect.ts';
import { assign, type Scope } from './scope.ts';
import { copyState, joinState, opaque, scalar } from './state.ts';
import { knownText, type Text, textOfWord } from './text.ts';

/** What a command prints, where it only prints what its text says; null for any other. */
export type Output = Text | null;

/** Walks a script, and judges every command in it on the way. */
export function runScript(script: ParsedScript | undefined, scope: Scope): Output {
  const error = script === undefined ? { message: 'expected a script', pos: 0 } : script.errors?.[0];
  if (error !== undefined) scope.findings.refuse('unknown.syntax', `${error.message} at ${error.pos}`);
  const output = runStatements(script?.commands ?? [], scope);
  return error === undefined ? output : null;
}

export function runStatements(statements: readonly Statement[], scope: Scope): Output {
  const printed: Output[] = statements.map((statement) => runStatement(statement, scope));
  return printed.every((one) => one !== null) ? printed.flat() : null;
}

const runList = (list: CompoundList, scope: Scope): Output => runStatements(list.commands, scope);

function runStatement({ command, background, pos, end }: Statement, scope: Scope): Output {
  if (!scope.findings.spend(1 + (end - pos) / 8)) return null;
  if (background !== true) return runNode(command, scope);
  runNode(command, inSubshell(scope));
  return null;
}

const inSubshell = (scope: Scope): Scope => ({ ...scope, state: copyState(scope.state), loop: null, call: null });

/** In a state of its own, which then holds as well as the one before. */
function perhaps(scope: Scope, walk: (scope: Scope) => void): void {
  const state = copyState(scope.state);
  walk({ ...scope, state });
  joinState(scope.state, state);
}

function runNode(node: PipelineNode | AndOr, scope: Scope): Output {
  switch (node.type) {
    case 'AndOr':
      return runAndOr(node, scope);
    case 'Pipeline':
      return runPipeline(node, scope);
    default:
      return runCommandNode(node, scope);
  }
}

/** Every part is judged: whether it is reached depends on what nothing here knows. */
function runAndOr({ commands, operators }: AndOr, scope: Scope): Output {
  let reached = true;
  commands.forEach((command, index) => {
    if (index > 0) reached &&= operators[index - 1] === '&&' && alwaysSucceeds(commands[index - 1]);
    if (reached) runNode(command, scope);
    else perhaps(scope, (inner) => runNode(command, inner));
  });
  return null;
}

/** Assignments of plain text, and `true`: what follows their `&&` is always reached. */
const alwaysSucceeds = (node: PipelineNode | undefined): boolean => {
  if (node?.type !== 'Command' || node.redirects.length > 0) return false;
  if (node.name !== undefined) return node.name.text === 'true' || node.name.text === ':';
  return node.prefix.every((part) => part.type === 'Assignment' && part.value.type === 'Word' && !part.value.parts);
};

function runPipeline({ commands }: Pipeline, scope: Scope): Output {
  const [only, ...others] = commands;
  if (only !== undefined && others.length === 0) return runCommandNode(only, scope);
  let input = scope.input;
  let output: Output = null;
  commands.forEach((command, index) => {
    const walk = (inner: Scope): void => {
      output = runCommandNode(command, { ...inner, input, loop: null, call: null });
    };
    // The last one runs in this very shell where `lastpipe` is set, and in some shells always.
    if (index === commands.length - 1) perhaps(scope, walk);
    else walk(inSubshell(scope));
    input = output === null ? { kind: 'outside' } : { kind: 'text', text: output };
  });
  return output;
}

function runCommandNode(node: CommandNode, scope: Scope): Output {
  switch (node.type) {
    case 'Command':
      return runCommand(node, scope);
    case 'Redirected': {
      const { input, prints } = redirect(node.redirects, scope);
      const output = runCommandNode(node.command, { ...scope, input });
      return prints ? output : null;
    }
    case 'Subshell':
      return runList(node.body, inSubshell(scope));
    case 'BraceGroup':
      return runList(node.body, scope);
    case 'Function':
      scope.state.functions.set(node.name.value, node);
      scope.findings.defined.add(node);
      return [];
    default:
      runCompound(node, scope);
      return null;
  }
}

export function runFunctionBody({ body }: FunctionNode, scope: Scope): Output {
  return body.type === 'CompoundList' ? runList(body, scope) : runCommandNode(body, scope);
}

type Compound = Exclude<CommandNode, { type: 'Command' | 'Redirected' | 'Subshell' | 'BraceGroup' | 'Function' }>;

function runCompound(node: Compound, scope: Scope): void {
  switch (node.type) {
    case 'If':
      runIf(node, scope);
      return;
    case 'For':
    case 'Select':
      runFor(node, scope);
      return;
    case 'ArithmeticFor':
      runArithmeticFor(node, scope);
      return;
    case 'While':
      runWhile(node, scope);
      return;
    case 'Case':
      runCase(node, scope);
      return;
    case 'Coproc':
      runCoproc(node, scope);
      return;
    case 'TestCommand':
      visitTest(node.expression, scope);
      return;
    case 'ArithmeticCommand':
      // A shell without arithmetic commands takes it for a subshell in a subshell.
      if (scope.dialect === 'posix') refuseDialect(scope, '`((…))`');
      visitArithmetic(node.expression, node.body, scope);
      return;
  }
}

function runIf(node: If, scope: Scope): void {
  runList(node.clause, scope);
  const before = copyState(scope.state);
  runList(node.then, scope);
  const otherwise = { ...scope, state: before };
  for (const { clause, then } of node.elif) {
    runList(clause, otherwise);
    const state = copyState(otherwise.state);
    runList(then, { ...scope, state });
    joinState(scope.state, state);
  }
  if (node.else !== undefined) runList(node.else, otherwise);
  joinState(scope.state, otherwise.state);
}

const passesMax = 64;

function runFor(node: For | Select, scope: Scope): void {
  const name = node.name.value;
  const words =
    node.wordlist === undefined ? scope.state.positional : expandWords(node.wordlist, scope).map(textOfWord);
  const values = words?.every((text) => text !== null) === true ? words : null;
  const isKnown = node.type === 'For' && (values?.length ?? 0) <= passesMax;
  const passes: readonly (Text | null)[] = values !== null && isKnown ? values : [null];
  repeat(scope, (inner) => {
    for (const value of passes) {
      perhaps(inner, (pass) => {
        assign(pass, name, value === null ? opaque : scalar(value));
        runList(node.body, pass);
      });
    }
  });
}

function runArithmeticFor(node: ArithmeticFor, scope: Scope): void {
  visitArithmetic(node.initialize, '', scope);
  repeat(scope, (inner) => {
    visitArithmetic(node.test, '', inner);
    runList(node.body, inner);
    visitArithmetic(node.update, '', inner);
  });
}

function runWhile(node: While, scope: Scope): void {
  repeat(scope, (inner) => {
    runList(node.clause, inner);
    runList(node.body, inner);
  });
}

function runCase(node: Case, scope: Scope): void {
  expandText(node.word, scope);
  const before = copyState(scope.state);
  for (const { pattern, body } of node.items) {
    for (const word of pattern) expandText(word, scope);
    // `;&` falls through: one body may also run after another.
    const state = copyState(before);
    joinState(state, scope.state);
    runList(body, { ...scope, state });
    joinState(scope.state, state);
  }
}

function runCoproc(node: Coproc, scope: Scope): void {
  assign(scope, node.name?.value ?? 'COPROC', opaque);
  const inner: Scope = { ...inSubshell(scope), input: { kind: 'outside' } };
  if (node.body.type === 'CompoundList') runList(node.body, inner);
  else runCommandNode(node.body, inner);
}

const numeric = /^-(?:eq|ne|lt|le|gt|ge|v)$/;

function visitTest(expression: TestExpression, scope: Scope): void {
  switch (expression.type) {
    case 'TestUnary':
    case 'TestBinary': {
      const operands = expression.type === 'TestUnary' ? [expression.operand] : [expression.left, expression.right];
      const texts = operands.map((operand) => expandText(operand, scope));
      // These evaluate what they are given.
      if (numeric.test(expression.operator)) for (const text of texts) checkEvaluated(knownText(text) ?? '', scope);
      return;
    }
    case 'TestLogical':
      for (const operand of expression.operands) visitTest(operand, scope);
      return;
    case 'TestNot':
      visitTest(expression.operand, scope);
      return;
    case 'TestGroup':
      visitTest(expression.expression, scope);
      return;
  }
}
