/**
 * How the code of a micro-op reads and writes its operands. Two answer: the
 * interpreter, where the micro-op's words say at run time which slots are meant,
 * and the region compiler, which knows them.
 */
import type { Code } from './encoder';
import type { Type } from './opcodes';

/** How a row reads and writes the micro-op's operands; each method emits code. */
export interface Operands {
  readonly c: Code;
  /** Push a slot's 64 bits, or its low 32. */
  a64(): Code;
  a32(): Code;
  b64(): Code;
  b32(): Code;
  d64(): Code;
  /** Push literal b, sign-extended. */
  literal64(): Code;
  literal32(): Code;
  /** Push a | b << 32. */
  constant(): Code;
  aux64(): Code;
  aux32(): Code;
  /** d ← the value that `value` pushes. */
  set64(value: () => void): void;
  /** d ← a 32-bit value, zero-extended. */
  set32(value: () => void): void;
  /** Scratch i64 local number 0 … 5. */
  scratch(n: number): number;
}

/** Role of an operand word: slot read, written, both (modified), vector read, vector written, or no slot. */
export type Role = 'r' | 'w' | 'm' | 'v' | 'V' | '-';

/** How operands are reached; what {@link Operands} has, for vectors. */
export interface VectorOperands extends Pick<Operands, 'c' | 'a64' | 'b64' | 'b32' | 'set64' | 'set32'> {
  readonly c: Code;
  /** Push vector a, b. */
  va(): Code;
  vb(): Code;
  /** vector d ← the vector that `value` pushes. */
  setVector(value: () => void): void;
  /** The literal, where it is known when code is made; undefined in the interpreter. */
  readonly literal: number | undefined;
  /** Push the literal. */
  pushLiteral(): Code;
  /** Pops an i32: unless it is 0, the instruction begins again in the evaluator. */
  slowIf(): void;
  /**
   * Push what MXCSR says about rounding: 0 if it is to nearest, all exceptions are
   * masked and PE is set; Mxcsr.PE if the same but PE is not; else something else.
   */
  roundingState(): Code;
  /** A local of this number and type for intermediate values. */
  local(type: Type, n: number): number;
}

/** Makes the code of one operation. */
export type VectorEmit = (o: VectorOperands) => void;
