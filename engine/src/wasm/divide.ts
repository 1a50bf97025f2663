import { Slot } from '../cpu/state';
import type { Code } from './encoder';
import { W } from './opcodes';

/** What the code of a division works with. */
export interface DivideOperands {
  readonly c: Code;
  /** Pushes a register, 64 bits. */
  push(slot: number): Code;
  /** Register ← what `value` pushes. */
  put(slot: number, value: () => void): void;
  /** Pushes the divisor's slot. */
  divisor(): Code;
  /** i64 scratch locals. */
  scratch(n: number): number;
  /** Leaves the instruction to the evaluator if the pushed i32 is not 0. */
  leaveIf(): void;
}

/**
 * DIV and IDIV of 4 or 8 bytes where the answer is ordinary: no #DE, no dividend
 * of 128 bits, no division by −1 (which Wasm may trap on).
 */
export function emitDivide(o: DivideOperands, bytes: 4 | 8, signed: boolean): void {
  const { c } = o;
  const [divisor, dividend, quotient] = [0, 1, 2].map((n) => o.scratch(n));
  const low = (): Code => c.i64Big(0xffffffffn).op(W.I64_AND);
  o.divisor();
  if (bytes === 4) signed ? c.op(W.I64_EXTEND32_S) : low();
  c.set(divisor);
  o.push(Slot.RAX);
  if (bytes === 4) {
    low();
    o.push(Slot.RDX).i64(32).op(W.I64_SHL).op(W.I64_OR);
  }
  c.set(dividend);

  if (signed) {
    // 0 and −1
    c.get(divisor).i64(1).op(W.I64_ADD).i64(1).op(W.I64_LE_U);
  } else if (bytes === 4) {
    // The quotient does not fit, or the divisor is 0.
    o.push(Slot.RDX);
    low().get(divisor).op(W.I64_GE_U);
  } else c.get(divisor).op(W.I64_EQZ);
  o.leaveIf();
  if (bytes === 8) {
    o.push(Slot.RDX);
    if (signed) c.get(dividend).i64(63).op(W.I64_SHR_S).op(W.I64_NE);
    else c.op(W.I64_EQZ).op(W.I32_EQZ);
    o.leaveIf();
  }

  c.get(dividend).get(divisor);
  c.op(signed ? W.I64_DIV_S : W.I64_DIV_U).set(quotient);
  if (signed && bytes === 4) {
    c.get(quotient).op(W.I64_EXTEND32_S).get(quotient).op(W.I64_NE);
    o.leaveIf();
  }
  const cut = (): void => {
    if (bytes === 4) low();
  };
  o.put(Slot.RDX, () => {
    c.get(dividend).get(quotient).get(divisor).op(W.I64_MUL).op(W.I64_SUB);
    cut();
  });
  o.put(Slot.RAX, () => {
    c.get(quotient);
    cut();
  });
}
