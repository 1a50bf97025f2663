import { Mxcsr, Slot } from '../cpu/state';
import type { Code } from './encoder';
import { W } from './opcodes';

const MXCSR = Slot.MXCSR * 8;
/** MXCSR while rounding is to nearest, all exceptions are masked and PE is set, as far as it is looked at. */
const ROUNDING_BITS = Mxcsr.RC | Mxcsr.MASKS | Mxcsr.PE;
const ROUNDING_USUAL = Mxcsr.MASKS | Mxcsr.PE;

/** Pushes what VectorOperands.roundingState says. */
export function pushRoundingState(c: Code): Code {
  return c
    .i32(0)
    .memory(W.I32_LOAD, MXCSR)
    .i32(ROUNDING_BITS)
    .op(W.I32_AND)
    .i32(ROUNDING_USUAL)
    .op(W.I32_XOR);
}
