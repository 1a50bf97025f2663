import { Mnemonic } from 'iced-x86';
import { Slot } from '../cpu/state';
import { Op } from '../ir/ops';
import type { Bytes, LiftContext, LiftFunction, LiftTable } from './context';

/** CF and OF. */
const CARRY_OVERFLOW = 0x801;

/** CF = OF = not `fits`; SF, ZF, AF and PF are undefined (SDM 2 "MUL", "IMUL") and become 0. */
function overflowUnless(c: LiftContext, fits: number): void {
  const mask = c.op(Op.ANDI32, c.op(Op.ADDI32, fits, -1), CARRY_OVERFLOW);
  c.ir.emit(Op.SETFLAGS, 0, mask);
}

interface Product {
  low: number;
  /** The upper half, or the whole product if that fits into 64 bits. */
  high: number;
  /** 1 if the upper half says nothing new. */
  fits: number;
}

/** a × b of `bytes` each. */
function product(c: LiftContext, a: number, b: number, bytes: Bytes, signed: boolean): Product {
  if (bytes === 8) {
    const low = c.op(Op.MUL64, a, b);
    const high = c.op(signed ? Op.MULHS64 : Op.MULHU64, a, b);
    const fits = signed ? c.op(Op.EQ64, high, c.op(Op.SARI64, low, 63)) : c.op(Op.EQZ64, high);
    return { low, high, fits };
  }
  const extend = (slot: number) => (signed ? c.sext(slot, bytes) : c.zext(slot, bytes));
  const low = c.op(Op.MUL64, extend(a), extend(b));
  return { low, high: low, fits: c.op(Op.EQ64, low, extend(low)) };
}

/** MUL and one-operand IMUL: rDX:rAX ← rAX × operand; AX for bytes. */
function toDoubleWidth(c: LiftContext, signed: boolean): void {
  const n = c.bytes(0);
  const { low, high, fits } = product(c, Slot.RAX, c.readLow(0), n, signed);
  if (n === 1) c.writeRegister(Slot.RAX, 2, low);
  else {
    const upper = n === 8 ? high : c.op(Op.SHRI64, high, n * 8);
    c.writeRegister(Slot.RAX, n, low);
    c.writeRegister(Slot.RDX, n, upper);
  }
  overflowUnless(c, fits);
}

function imul(c: LiftContext): void {
  const count = c.insn.opCount;
  if (count === 1) {
    toDoubleWidth(c, true);
    return;
  }
  const n = c.bytes(0);
  const { low, fits } = product(c, c.readLow(count - 2), c.readLow(count - 1), n, true);
  c.write(0, low);
  overflowUnless(c, fits);
}

/** MULX: upper half to operand 0, lower to operand 1, no flags; the upper one wins if both are the same register. */
function mulx(c: LiftContext): void {
  const n = c.bytes(0);
  const { low, high } = product(c, Slot.RDX, c.readLow(2), n, false);
  const upper = n === 8 ? high : c.op(Op.SHRI64, high, 32);
  c.write(1, low);
  c.write(0, upper);
}

/** DIV and IDIV. */
function divide(signed: boolean): LiftFunction {
  return (c) => {
    const divisor = c.readLow(0);
    c.ir.emit(Op.DIVIDE, 0, divisor, 0, c.bytes(0) | (signed ? 0x100 : 0));
  };
}

/** AAM and AAD take their base from the immediate. */
function aam(c: LiftContext): void {
  c.helper('aam', Number(c.insn.immediate(0)));
}

function aad(c: LiftContext): void {
  c.helper('aad', Number(c.insn.immediate(0)));
}

/** Multiplication, division and the decimal adjustments. */
export const multiplyLifters: LiftTable = new Map<number, LiftFunction>([
  [Mnemonic.Mul, (c) => toDoubleWidth(c, false)],
  [Mnemonic.Imul, imul],
  [Mnemonic.Mulx, mulx],
  [Mnemonic.Div, divide(false)],
  [Mnemonic.Idiv, divide(true)],
  [Mnemonic.Aaa, (c) => c.helper('aaa')],
  [Mnemonic.Aas, (c) => c.helper('aas')],
  [Mnemonic.Daa, (c) => c.helper('daa')],
  [Mnemonic.Das, (c) => c.helper('das')],
  [Mnemonic.Aam, aam],
  [Mnemonic.Aad, aad],
]);
