import { type FlagsKind, Op } from '../ir/ops';
import type { Bytes, LiftContext } from './context';

/** Size code of FLAGS: 0 for 8 bits … 3 for 64. */
export function sizeCode(bytes: Bytes): number {
  return bytes === 8 ? 3 : bytes >> 1;
}

/** The 64-bit micro-op for 8-byte operands, else the 32-bit one (narrow operands are computed in 32 bits). */
export function wide(bytes: Bytes, op64: Op, op32: Op): Op {
  return bytes === 8 ? op64 : op32;
}

/** FLAGS of an operation on `bytes`. */
export function flags(
  c: LiftContext,
  kind: FlagsKind,
  bytes: Bytes,
  result: number,
  a: number,
  b: number,
): void {
  c.ir.emit(Op.FLAGS, result, a, b, kind | (sizeCode(bytes) << 4));
}

/**
 * Writes operand 0 and runs `setFlags`, in the order that both need: a store
 * can fault and so precedes the flags; a register may be the flags' source and
 * so is written after them.
 */
export function commit(c: LiftContext, result: number, setFlags: () => void): void {
  if (c.isMemory(0)) {
    c.write(0, result);
    setFlags();
  } else {
    setFlags();
    c.write(0, result);
  }
}

/** One flag to set: a slot holding 0 or 1, and the flag's position in RFLAGS. */
export type FlagBit = readonly [slot: number, position: number];

/** Arithmetic flags ← those of now under mask `keep`, with `bits` put in. */
export function setFlagBits(c: LiftContext, keep: number, bits: readonly FlagBit[]): void {
  let f = keep === 0 ? -1 : c.op(Op.ANDI32, c.op(Op.GETFLAGS), keep);
  for (const [slot, position] of bits) {
    const bit = position === 0 ? slot : c.op(Op.SHLI32, slot, position);
    f = f < 0 ? bit : c.op(Op.OR32, f, bit);
  }
  c.ir.emit(Op.SETFLAGS, 0, f);
}

/** Positions of the arithmetic flags in RFLAGS. */
export const enum FlagPosition {
  CF = 0,
  PF = 2,
  AF = 4,
  ZF = 6,
  SF = 7,
  OF = 11,
}
