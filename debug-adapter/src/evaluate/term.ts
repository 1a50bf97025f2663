import { type BinaryOperator, REGISTER_SLOTS, type Term } from '@hyperstep/engine';
import { REGISTER_PARTS, type RegisterPart, WEAK_PARTS } from '../scopes/register-names';
import { BINARY, type Symbols } from './compile';
import type { Expression } from './parser';

/**
 * The part of a condition that the machine's own code can decide: where the
 * term is 0, the condition is false and would not fail, so that nobody has to
 * be asked (evaluate/compile.ts decides everywhere else). Undefined when there
 * is no such part. For one context, the one that runs.
 */
export function termOf(condition: Expression, symbols: Symbols): Term | undefined {
  const exact = exactTerm(condition, symbols);
  if (exact) return exact;
  if (condition.kind === 'conditional') {
    const test = exactTerm(condition.test, symbols);
    if (!test) return undefined;
    const yes = termOf(condition.yes, symbols);
    const no = termOf(condition.no, symbols);
    return yes || no ? choice(test, yes ?? ONE, no ?? ONE) : undefined;
  }
  if (condition.kind !== 'binary') return undefined;
  const { operator } = condition;
  const left = termOf(condition.left, symbols);
  const right = termOf(condition.right, symbols);
  if (operator === '||') return left && right && choice(left, ONE, right);
  // The right side is evaluated, and may fail, only where the left one is true.
  if (operator === '&&')
    return left && right && exactTerm(condition.left, symbols) ? both(left, right) : left;
  return undefined;
}

const ONE: Term = { kind: 'constant', value: 1n };
const ZERO: Term = { kind: 'constant', value: 0n };
const MINUS_ONE: Term = { kind: 'constant', value: 0xffffffffffffffffn };

const zero = (of: Term): Term => ({ kind: 'zero', of });
const truth = (of: Term): Term => zero(zero(of));
const choice = (test: Term, yes: Term, no: Term): Term => ({ kind: 'choice', test, yes, no });
const both = (left: Term, right: Term): Term => choice(left, truth(right), ZERO);
const binary = (operator: BinaryOperator, left: Term, right: Term): Term => ({
  kind: 'binary',
  operator,
  left,
  right,
});
const divide = (
  left: Term,
  right: Term,
  wanted: 'quotient' | 'remainder',
  signed: boolean,
): Term | undefined =>
  right.kind === 'constant' && right.value !== 0n
    ? { kind: 'divide', of: left, by: right.value, wanted, signed }
    : undefined;

/** The term that has an expression's value wherever it has one. */
function exactTerm(expression: Expression, symbols: Symbols): Term | undefined {
  switch (expression.kind) {
    case 'number':
      return { kind: 'constant', value: expression.value };
    case 'here':
      return { kind: 'rip' };
    case 'name':
      return nameTerm(expression.name, symbols);
    case 'memory': {
      const address = exactTerm(expression.address, symbols);
      const base = expression.segment ? nameTerm(`${expression.segment}.base`, symbols) : undefined;
      if (!address || (expression.segment && !base)) return undefined;
      return {
        kind: 'memory',
        bytes: expression.size as 1 | 2 | 4 | 8 | undefined,
        address: base ? binary('add', address, base) : address,
      };
    }
    case 'unary': {
      const operand = exactTerm(expression.operand, symbols);
      return operand && UNARY[expression.operator]?.(operand);
    }
    case 'conditional': {
      const test = exactTerm(expression.test, symbols);
      const yes = exactTerm(expression.yes, symbols);
      const no = exactTerm(expression.no, symbols);
      return test && yes && no && choice(test, yes, no);
    }
    case 'binary': {
      const left = exactTerm(expression.left, symbols);
      const right = exactTerm(expression.right, symbols);
      return left && right && binaryTerm(expression.operator, left, right);
    }
  }
}

function binaryTerm(operator: string, left: Term, right: Term): Term | undefined {
  const apply = BINARY[operator];
  const divides = right.kind === 'constant' && right.value === 0n && /^[/%]/.test(operator);
  if (apply && left.kind === 'constant' && right.kind === 'constant' && !divides) {
    return { kind: 'constant', value: apply(left.value, right.value) };
  }
  return TERMS[operator]?.(left, right);
}

const UNARY: Readonly<Record<string, (a: Term) => Term>> = {
  '-': (a) => binary('subtract', ZERO, a),
  '+': (a) => a,
  '~': (a) => binary('xor', a, MINUS_ONE),
  '!': zero,
};

/** What evaluate/compile.ts computes. Division by what is no constant is left to it. */
const TERMS: Readonly<Record<string, (a: Term, b: Term) => Term | undefined>> = {
  '&&': both,
  '||': (a, b) => choice(a, ONE, truth(b)),
  '^^': (a, b) => binary('xor', zero(a), zero(b)),
  '=': (a, b) => binary('equal', a, b),
  '==': (a, b) => binary('equal', a, b),
  '!=': (a, b) => zero(binary('equal', a, b)),
  '<>': (a, b) => zero(binary('equal', a, b)),
  '<': (a, b) => binary('less signed', a, b),
  '<=': (a, b) => zero(binary('less signed', b, a)),
  '>': (a, b) => binary('less signed', b, a),
  '>=': (a, b) => zero(binary('less signed', a, b)),
  '<=>': (a, b) => choice(binary('less signed', a, b), MINUS_ONE, zero(binary('equal', a, b))),
  '|': (a, b) => binary('or', a, b),
  '^': (a, b) => binary('xor', a, b),
  '&': (a, b) => binary('and', a, b),
  '<<': (a, b) => binary('shift left', a, b),
  '<<<': (a, b) => binary('shift left', a, b),
  '>>': (a, b) => binary('shift right', a, b),
  '>>>': (a, b) => binary('shift right signed', a, b),
  '+': (a, b) => binary('add', a, b),
  '-': (a, b) => binary('subtract', a, b),
  '*': (a, b) => binary('multiply', a, b),
  '/': (a, b) => divide(a, b, 'quotient', false),
  '//': (a, b) => divide(a, b, 'quotient', true),
  '%': (a, b) => divide(a, b, 'remainder', false),
  '%%': (a, b) => divide(a, b, 'remainder', true),
};

/** As evaluate/compile.ts looks names up. */
function nameTerm(name: string, symbols: Symbols): Term | undefined {
  const lower = name.toLowerCase();
  const part = REGISTER_PARTS.get(lower);
  if (part) return partTerm(part);
  const value = symbols(name);
  if (value !== undefined) return { kind: 'constant', value: BigInt.asUintN(64, value) };
  const weak = WEAK_PARTS.get(lower);
  return weak && partTerm(weak);
}

function partTerm({ whole, shift, bits }: RegisterPart): Term | undefined {
  const of = wholeTerm(whole);
  return of && (bits < 64 ? { kind: 'part', of, shift, bits } : of);
}

function wholeTerm(whole: string): Term | undefined {
  if (whole === 'rip' || whole === 'rflags' || whole === 'cpl') return { kind: whole };
  const slot = REGISTER_SLOTS.get(whole);
  return slot === undefined ? undefined : { kind: 'register', slot };
}
