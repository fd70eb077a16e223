import type { ArithmeticExpression } from 'unbash';
import { textOfParts } from './expand.ts';
import { assign, type Scope } from './scope.ts';
import { copyState, opaque } from './state.ts';
import { knownText } from './text.ts';
import { runScript } from './walk.ts';

const assigns = /^(?:[-+*/%&|^]|<<|>>)?=$/;
const identifier = /^[A-Za-z_][A-Za-z0-9_]*$/;
const substitution = /\$\(|`|\$\{/;

/**
 * An arithmetic expression: its value is a number that nothing here computes, but what it runs is judged, and what it
 * assigns to is not known any more. The shell evaluates the values of variables as expressions in their turn, and runs the
 * substitutions in those: a value that holds one makes the text unknown.
 */
export function visitArithmetic(expression: ArithmeticExpression | undefined, shown: string, scope: Scope): void {
  if (expression === undefined) {
    if (!/^\$?\(\(\s*\)\)$|^\$\[\s*\]$|^\s*$/.test(shown)) refuse(scope, `\`${shown.slice(0, 100)}\` cannot be read`);
    return;
  }
  visit(expression, scope);
}

function visit(expression: ArithmeticExpression, scope: Scope): void {
  switch (expression.type) {
    case 'ArithmeticBinary':
      visit(expression.left, scope);
      visit(expression.right, scope);
      if (assigns.test(expression.operator)) forget(expression.left, scope);
      return;
    case 'ArithmeticUnary':
      visit(expression.operand, scope);
      if (expression.operator === '++' || expression.operator === '--') forget(expression.operand, scope);
      return;
    case 'ArithmeticTernary':
      for (const part of [expression.test, expression.consequent, expression.alternate]) visit(part, scope);
      return;
    case 'ArithmeticGroup':
      visit(expression.expression, scope);
      return;
    case 'ArithmeticCommandExpansion':
      runScript(expression.script, { ...scope, state: copyState(scope.state), loop: null, call: null });
      return;
    case 'ArithmeticWord':
      visitWord(expression, scope);
      return;
  }
}

function visitWord(word: Extract<ArithmeticExpression, { type: 'ArithmeticWord' }>, scope: Scope): void {
  if (word.parts !== undefined) {
    const text = knownText(textOfParts(word.parts, scope));
    if (text !== null) checkEvaluated(text, scope);
    return;
  }
  const variable = scope.state.variables.get(word.value.replace(/\[.*$/s, ''));
  if (variable?.kind === 'scalar') checkEvaluated(knownText(variable.text) ?? '', scope);
  if (variable?.kind === 'list') for (const item of variable.items) checkEvaluated(knownText(item) ?? '', scope);
}

/** Text that the shell evaluates as arithmetic, now or through a variable. */
export function checkEvaluated(text: string, scope: Scope): void {
  if (substitution.test(text)) refuse(scope, 'a value that is evaluated as arithmetic holds a substitution');
}

function forget(target: ArithmeticExpression, scope: Scope): void {
  const name = target.type === 'ArithmeticWord' ? target.value.replace(/\[.*$/s, '') : '';
  if (identifier.test(name)) assign(scope, name, opaque);
  else refuse(scope, 'an assignment in arithmetic to something that is no plain variable');
}

const refuse = ({ findings }: Scope, reason: string): void => findings.refuse('unknown.arithmetic', reason);
