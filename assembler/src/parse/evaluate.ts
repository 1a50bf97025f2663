import { Complaint } from '../diagnostics';
import { DEFAULT_FLOAT, type FloatMode, type FloatWarn, floatBits } from '../text/float';
import { wrap } from '../text/number';
import { stringNumber } from '../text/string';
import type { Token } from '../text/token';
import type { Expression } from './expression';
import { hintFor } from './hints';

/** Something whose address is only known when the image is laid out. The layout's sections implement it. */
export interface Base {
  readonly name: string;
}

/** A value as the scope knows it: a number, or an offset from a base. */
export interface Located {
  value: bigint;
  base?: Base;
}

/** Where symbols come from. */
export interface Scope {
  /** The symbol's value in this pass or the one before; undefined when nothing has defined it so far. */
  symbol(name: string, at: Token): Located | undefined;
  /** `$`. */
  here(): Located;
  /** `$$`. */
  base(): Located;
  /** The symbol may still be defined further down: its value counts as unknown instead of missing. */
  readonly lenient: boolean;
  /** The mode decides how many characters a number may have. */
  readonly bits?: number;
  /** A warning about `at`. */
  warn?(code: string, message: string, at: Token): void;
  /** The output has special symbols to use behind `wrt`. */
  readonly takesWrt?: boolean;
}

/** One register or base with its factor. */
interface Term {
  key: Base | string;
  factor: number;
}

/**
 * A linear form: number + Σ factor · (register or section base). NASM's `expr`
 * vector; a pure number has no terms, an address has one base with factor 1.
 */
export interface Linear {
  value: bigint;
  terms: readonly Term[];
  /**
   * Not 0: depends on a symbol that has no value yet. Counts how often such a
   * symbol is added: like NASM, the difference of two unknown symbols is known.
   */
  unknown: number;
  /** The special symbol behind `wrt`; lost in further arithmetic. */
  wrt?: Base;
  /** No number is part of it, not even 0: registers alone. */
  bare?: boolean;
}

/** How registers were written, for the choice of base and index (NASM's `eval_hints`). */
export interface Hint {
  register?: string;
  kind?: 'base' | 'not-base' | 'summed';
}

const NONE: readonly Term[] = [];

function pure(value: bigint, unknown = 0): Linear {
  return { value, terms: NONE, unknown };
}

function located(at: Located): Linear {
  return at.base ? { value: at.value, terms: [{ key: at.base, factor: 1 }], unknown: 0 } : pure(at.value);
}

function add(a: Linear, b: Linear, sign: 1 | -1, hint?: Hint): Linear {
  const value = wrap(sign === 1 ? a.value + b.value : a.value - b.value);
  const unknown = a.unknown + sign * b.unknown;
  // Whatever two terms of one kind add up to, numbers too, makes NASM forget which register came first.
  const numbers = !a.bare && !b.bare;
  if (hint && numbers && value !== 0n) hint.kind = 'summed';
  const bare = numbers ? value === 0n : a.bare && b.bare;
  if (b.terms.length === 0) return { value, terms: a.terms, unknown, bare };
  const terms = a.terms.map((t) => ({ ...t }));
  for (const t of b.terms) {
    const same = terms.find((u) => u.key === t.key);
    if (same) {
      same.factor += sign * t.factor;
      if (hint && same.factor !== 0) hint.kind = 'summed';
    } else terms.push({ key: t.key, factor: sign * t.factor });
  }
  return { value, terms: terms.filter((t) => t.factor !== 0), unknown, bare };
}

function multiply(a: Linear, factor: bigint, hint?: Hint): Linear {
  if (a.terms.length === 0)
    return pure(wrap(a.value * factor), a.unknown * Number(BigInt.asIntN(32, factor)));
  const times = Number(BigInt.asIntN(32, factor));
  if (hint?.kind === 'base' && a.terms.some((t) => t.key === hint.register)) hint.kind = 'not-base';
  const terms = a.terms.map((t) => ({ key: t.key, factor: t.factor * times })).filter((t) => t.factor !== 0);
  return { value: wrap(a.value * factor), terms, unknown: a.unknown * times, bare: a.bare };
}

const truth = (b: boolean): bigint => (b ? 1n : 0n);
const unsigned = (v: bigint): bigint => BigInt.asUintN(64, v);

function shiftCount(count: bigint): bigint {
  return unsigned(count) & 63n;
}

/** Operators that need two pure numbers. NASM's `/` and `%` are unsigned, `//` and `%%` signed (manual 3.5.8). */
const SCALAR: Record<string, (a: bigint, b: bigint) => bigint> = {
  '||': (a, b) => truth(a !== 0n || b !== 0n),
  '^^': (a, b) => truth((a !== 0n) !== (b !== 0n)),
  '&&': (a, b) => truth(a !== 0n && b !== 0n),
  '|': (a, b) => a | b,
  '^': (a, b) => a ^ b,
  '&': (a, b) => a & b,
  '<<': (a, b) => a << shiftCount(b),
  '<<<': (a, b) => a << shiftCount(b),
  '>>': (a, b) => unsigned(a) >> shiftCount(b),
  '>>>': (a, b) => a >> shiftCount(b),
  '/': (a, b) => unsigned(a) / unsigned(b),
  '%': (a, b) => unsigned(a) % unsigned(b),
  '//': (a, b) => a / b,
  '%%': (a, b) => a % b,
};

const DIVISIONS = new Set(['/', '%', '//', '%%']);

/** Comparisons work on the difference, so two addresses of one section compare. */
const COMPARE: Record<string, (d: bigint, a: bigint, b: bigint) => bigint> = {
  '=': (d) => truth(d === 0n),
  '==': (d) => truth(d === 0n),
  '<>': (d) => truth(d !== 0n),
  '!=': (d) => truth(d !== 0n),
  '<': (_, a, b) => truth(a < b),
  '>': (_, a, b) => truth(a > b),
  '<=': (_, a, b) => truth(a <= b),
  '>=': (_, a, b) => truth(a >= b),
  // NASM 2.16.01's result for "less" is 0, not −1 as its manual says.
  '<=>': (_, a, b) => truth(a > b),
};

const FLOAT_PARTS: Record<string, [format: number | 'bfloat16', shift: number, width: number]> = {
  bfloat16: ['bfloat16', 0, 16],
  float8: [1, 0, 8],
  float16: [2, 0, 16],
  float32: [4, 0, 32],
  float64: [8, 0, 64],
  float80m: [10, 0, 64],
  float80e: [10, 64, 16],
  float128l: [16, 0, 64],
  float128h: [16, 64, 64],
};

function log2(name: string, value: bigint, at: Token): bigint {
  const v = unsigned(value);
  const floor = BigInt(v.toString(2).length - 1);
  const exact = v !== 0n && (v & (v - 1n)) === 0n;
  if (!exact && (name === 'ilog2' || name === 'ilog2e')) {
    throw new Complaint('log2-inexact', 'the argument of ilog2e is not a power of two', at);
  }
  return name === 'ilog2c' && !exact && v !== 0n ? floor + 1n : v === 0n ? 0n : floor;
}

/** Evaluates with one scope; made once a pass. */
export class Evaluator {
  /** How floating-point constants are rounded. */
  float: FloatMode = DEFAULT_FLOAT;

  constructor(readonly scope: Scope) {}

  /** The value as a linear form. `critical`: symbols must be defined already (NASM manual 3.8). */
  linear(e: Expression, critical = false, hint?: Hint): Linear {
    switch (e.kind) {
      case 'number':
        return pure(e.value);
      case 'string':
        return pure(this.#characters(e));
      case 'symbol':
        return this.#symbol(e.name, e.at, critical);
      case 'here':
        return located(this.scope.here());
      case 'base':
        return located(this.scope.base());
      case 'register':
        if (hint && !hint.kind) {
          hint.kind = 'base';
          hint.register = e.name;
        }
        return { value: 0n, terms: [{ key: e.name, factor: 1 }], unknown: 0, bare: true };
      case 'unary':
        return this.#unary(e, critical, hint);
      case 'binary':
        return this.#binary(e, critical, hint);
      case 'conditional': {
        const test = this.scalar(e.test, critical);
        return this.linear(test.value !== 0n ? e.yes : e.no, critical, hint);
      }
      case 'call':
        return this.#call(e, critical);
      case 'float':
        throw new Complaint(
          'float-unexpected',
          'a floating-point constant cannot stand in an integer expression',
          e.at,
        );
    }
  }

  /** The value as a pure number (possibly still unknown); complains about addresses and registers. */
  scalar(e: Expression, critical = false): Linear {
    const value = this.linear(e, critical);
    if (value.terms.length > 0 && !value.unknown) {
      throw new Complaint(
        'not-a-number',
        'the value has to be a pure number, not an address or register',
        e.at,
      );
    }
    return value;
  }

  /** As many characters as a register holds: NASM looks at the mode, even in data. */
  #characters(e: Extract<Expression, { kind: 'string' }>): bigint {
    const most = this.scope.bits === 64 ? 8 : 4;
    const lost = e.bytes.length > most && /[^\0]/.test(e.bytes.slice(most));
    if (lost) this.scope.warn?.('other', `only the first ${most} characters count as a number`, e.at);
    return wrap(stringNumber(e.bytes, most));
  }

  #symbol(name: string, at: Token, critical: boolean): Linear {
    const found = this.scope.symbol(name, at);
    if (found) return located(found);
    if (critical) throw new Complaint('symbol-undefined', `symbol \`${name}\` is not defined before use`, at);
    if (this.scope.lenient) return pure(0n, 1);
    throw new Complaint('symbol-undefined', `symbol \`${name}\` is not defined${hintFor(name)}`, at);
  }

  #unary(e: Extract<Expression, { kind: 'unary' }>, critical: boolean, hint?: Hint): Linear {
    if (e.op === 'seg')
      throw new Complaint(
        'seg-unsupported',
        'this output format has no segment values: `seg` cannot be used',
        e.at,
      );
    const v = this.linear(e.operand, critical, hint);
    if (e.op === 'cut') {
      this.scope.warn?.('number-overflow', `\`${e.at.text}\` does not fit into 64 bits`, e.at);
      return v;
    }
    if (e.op === '+') return v;
    if (e.op === '-') return multiply(v, -1n);
    if (v.unknown) return pure(0n, 1);
    if (v.terms.length > 0) {
      throw new Complaint('not-a-number', `operator \`${e.op}\` needs a pure number`, e.at);
    }
    return pure(e.op === '~' ? ~v.value : truth(v.value === 0n));
  }

  #binary(e: Extract<Expression, { kind: 'binary' }>, critical: boolean, hint?: Hint): Linear {
    if (e.op === 'wrt') return this.#wrt(e, critical, hint);
    const a = this.linear(e.left, critical, hint);
    const b = this.linear(e.right, critical, hint);
    if (e.op === '+') return add(a, b, 1, hint);
    if (e.op === '-') return add(a, b, -1, hint);
    const compare = COMPARE[e.op];
    if (compare) {
      if (a.unknown || b.unknown) return pure(0n, 1);
      const difference = add(a, b, -1);
      if (difference.terms.length > 0) {
        if (e.op === '=' || e.op === '==') return pure(0n);
        if (e.op === '<>' || e.op === '!=') return pure(1n);
        throw new Complaint('not-a-number', `the operands of \`${e.op}\` are not in the same section`, e.at);
      }
      return pure(compare(difference.value, a.value, b.value));
    }
    if (e.op === '*' && (a.terms.length === 0 || b.terms.length === 0)) {
      if (a.unknown && b.unknown) return pure(0n, 1);
      const scalar = a.terms.length === 0 && !a.unknown;
      return scalar ? multiply(b, a.value, hint) : multiply(a, b.value, hint);
    }
    if (a.unknown || b.unknown) return pure(0n, 1);
    if (a.terms.length > 0 || b.terms.length > 0) {
      throw new Complaint(
        'not-a-number',
        `operator \`${e.op}\` needs pure numbers, not addresses or registers`,
        e.at,
      );
    }
    if (DIVISIONS.has(e.op) && b.value === 0n)
      throw new Complaint('division-by-zero', 'division by zero', e.at);
    return pure(wrap(SCALAR[e.op](a.value, b.value)));
  }

  #wrt(e: Extract<Expression, { kind: 'binary' }>, critical: boolean, hint?: Hint): Linear {
    if (!this.scope.takesWrt)
      throw new Complaint('wrt-unsupported', 'flat binaries do not support `wrt`', e.at);
    const value = this.linear(e.left, critical, hint);
    const term = this.linear(e.right, critical).terms[0];
    if (typeof term?.key !== 'object')
      throw new Complaint('wrt-unsupported', '`wrt` needs one of the special symbols, such as `..got`', e.at);
    return { ...value, wrt: term.key };
  }

  #call(e: Extract<Expression, { kind: 'call' }>, critical: boolean): Linear {
    const part = FLOAT_PARTS[e.name];
    if (!part && e.name.startsWith('ilog2')) {
      const v = this.scalar(e.argument, critical);
      if (e.name === 'ilog2w' && !v.unknown && (v.value === 0n || (v.value & (v.value - 1n)) !== 0n))
        this.scope.warn?.('other', `${v.value} is not a power of two`, e.at);
      return v.unknown ? v : pure(log2(e.name, v.value, e.at));
    }
    const float = floatOf(e.argument);
    if (!float)
      throw new Complaint('float-expected', `\`${e.at.text}\` needs a floating-point constant`, e.at);
    const warn: FloatWarn = (code, message) => this.scope.warn?.(code, message, float.at);
    const all = floatBits(float.text, float.negative, part[0], this.float, warn);
    if (all === undefined) throw new Complaint('float-invalid', 'not a floating-point constant', float.at);
    return pure(wrap((all >> BigInt(part[1])) & ((1n << BigInt(part[2])) - 1n)));
  }
}

/** A floating-point constant with its signs, or undefined when the expression is none. */
export function floatOf(e: Expression): { text: string; negative: boolean; at: Token } | undefined {
  let negative = false;
  let inner = e;
  while (inner.kind === 'unary' && (inner.op === '-' || inner.op === '+')) {
    if (inner.op === '-') negative = !negative;
    inner = inner.operand;
  }
  return inner.kind === 'float' ? { text: inner.text, negative, at: inner.at } : undefined;
}

/** Does the expression's value stay the same wherever and whenever it is asked for? */
export function isConstant(e: Expression): boolean {
  switch (e.kind) {
    case 'number':
    case 'string':
    case 'float':
    case 'register':
      return true;
    case 'unary':
      // It warns each time.
      return e.op !== 'cut' && isConstant(e.operand);
    case 'binary':
      return isConstant(e.left) && isConstant(e.right);
    case 'conditional':
      return isConstant(e.test) && isConstant(e.yes) && isConstant(e.no);
    case 'call':
      return isConstant(e.argument);
    default:
      return false;
  }
}
