import { RequestError } from '../errors';
import { REGISTER_PARTS, type RegisterPart, WEAK_PARTS } from '../scopes/register-names';
import type { Expression } from './parser';

/** What a compiled expression reads from: one context at one moment. */
export interface Reader {
  /** A whole register by its {@link RegisterPart.whole} name; undefined when this context's value is not known. */
  register(whole: string): bigint | undefined;
  /** Little-endian value at a linear address; undefined when unmapped. */
  load(address: bigint, size: number): bigint | undefined;
  /** Bytes of an operand whose size is not written: the mode's native width. */
  readonly wordSize: number;
}

/** Looks a symbol's value up; undefined when there is no such symbol. */
export type Symbols = (name: string) => bigint | undefined;

/** An expression made ready to run many times; throws a {@link RequestError} when a value cannot be had. */
export type Compiled = (reader: Reader) => bigint;

/** Resolves names once and gives a closure over the rest. */
export function compile(expression: Expression, symbols: Symbols): Compiled {
  switch (expression.kind) {
    case 'number': {
      const value = expression.value;
      return () => value;
    }
    case 'here':
      return registerReader({ whole: 'rip', shift: 0, bits: 64 }, '$');
    case 'name':
      return compileName(expression.name, symbols);
    case 'memory':
      return compileMemory(expression, symbols);
    case 'unary': {
      const operand = compile(expression.operand, symbols);
      const apply = UNARY[expression.operator];
      return (reader) => apply(operand(reader));
    }
    case 'conditional': {
      const test = compile(expression.test, symbols);
      const yes = compile(expression.yes, symbols);
      const no = compile(expression.no, symbols);
      return (reader) => (test(reader) !== 0n ? yes(reader) : no(reader));
    }
    case 'binary': {
      const left = compile(expression.left, symbols);
      const right = compile(expression.right, symbols);
      if (expression.operator === '&&') return (reader) => truth(left(reader) !== 0n && right(reader) !== 0n);
      if (expression.operator === '||') return (reader) => truth(left(reader) !== 0n || right(reader) !== 0n);
      const apply = BINARY[expression.operator];
      return (reader) => apply(left(reader), right(reader));
    }
  }
}

/** Registers win over symbols, symbols over the short names of flags (`zf`). */
function compileName(name: string, symbols: Symbols): Compiled {
  const lower = name.toLowerCase();
  const part = REGISTER_PARTS.get(lower);
  if (part) return registerReader(part, name);
  const value = symbols(name);
  if (value !== undefined) {
    const cut = u64(value);
    return () => cut;
  }
  const weak = WEAK_PARTS.get(lower);
  if (weak) return registerReader(weak, name);
  throw new RequestError(`'${name}' is neither a register nor a symbol.`);
}

function registerReader(part: RegisterPart, name: string): Compiled {
  const { whole, bits } = part;
  const shift = BigInt(part.shift);
  return (reader) => {
    const value = reader.register(whole);
    if (value === undefined) throw new RequestError(`'${name}' is not known while its context does not run.`);
    return BigInt.asUintN(bits, value >> shift);
  };
}

function compileMemory(expression: Expression & { kind: 'memory' }, symbols: Symbols): Compiled {
  const address = compile(expression.address, symbols);
  const base = expression.segment ? compileName(`${expression.segment}.base`, symbols) : undefined;
  const size = expression.size;
  return (reader) => {
    const linear = u64(address(reader) + (base ? base(reader) : 0n));
    const value = reader.load(linear, size ?? reader.wordSize);
    if (value === undefined) throw new RequestError(`No memory is mapped at 0x${linear.toString(16)}.`);
    return value;
  };
}

/** Compiles only the address of a memory operand, for memory references and assignments. */
export function compileAddress(expression: Expression & { kind: 'memory' }, symbols: Symbols): Compiled {
  const address = compile(expression.address, symbols);
  const base = expression.segment ? compileName(`${expression.segment}.base`, symbols) : undefined;
  return (reader) => u64(address(reader) + (base ? base(reader) : 0n));
}

const u64 = (value: bigint) => BigInt.asUintN(64, value);
const s64 = (value: bigint) => BigInt.asIntN(64, value);
const truth = (value: boolean) => (value ? 1n : 0n);

function divisor(value: bigint): bigint {
  if (value === 0n) throw new RequestError('Division by zero.');
  return value;
}

/** A shift by more than 63 has moved everything out (not masked as in the processor). */
function distance(value: bigint): bigint {
  return value > 64n ? 64n : value;
}

const UNARY: Readonly<Record<string, (a: bigint) => bigint>> = {
  '-': (a) => u64(-a),
  '+': (a) => a,
  '~': (a) => u64(~a),
  '!': (a) => truth(a === 0n),
};

/** Binary operators but `&&` and `||`. Values have 64 bits; comparisons are signed and `/`, `%` unsigned, as in NASM (manual 3.5). */
export const BINARY: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
  '^^': (a, b) => truth((a !== 0n) !== (b !== 0n)),
  '=': (a, b) => truth(a === b),
  '==': (a, b) => truth(a === b),
  '!=': (a, b) => truth(a !== b),
  '<>': (a, b) => truth(a !== b),
  '<': (a, b) => truth(s64(a) < s64(b)),
  '<=': (a, b) => truth(s64(a) <= s64(b)),
  '>': (a, b) => truth(s64(a) > s64(b)),
  '>=': (a, b) => truth(s64(a) >= s64(b)),
  '<=>': (a, b) => u64(s64(a) < s64(b) ? -1n : truth(a !== b)),
  '|': (a, b) => a | b,
  '^': (a, b) => a ^ b,
  '&': (a, b) => a & b,
  '<<': (a, b) => u64(a << distance(b)),
  '<<<': (a, b) => u64(a << distance(b)),
  '>>': (a, b) => a >> distance(b),
  '>>>': (a, b) => u64(s64(a) >> distance(b)),
  '+': (a, b) => u64(a + b),
  '-': (a, b) => u64(a - b),
  '*': (a, b) => u64(a * b),
  '/': (a, b) => a / divisor(b),
  '//': (a, b) => u64(s64(a) / s64(divisor(b))),
  '%': (a, b) => a % divisor(b),
  '%%': (a, b) => u64(s64(a) % s64(divisor(b))),
};
