import { Mnemonic } from 'iced-x86';
import { FlagsKind, Op } from '../ir/ops';
import { commit, FlagPosition, flags, setFlagBits, wide } from './common';
import type { Bytes, LiftContext, LiftFunction, LiftTable } from './context';

/** Bits of the count that a shift of this width looks at (SDM 2 "SAL/SAR/SHL/SHR"). */
function countMask(bytes: Bytes): number {
  return bytes === 8 ? 63 : 31;
}

/** A shift's count: known, or in a slot and already masked. */
interface Count {
  literal?: number;
  slot: number;
}

function countOf(c: LiftContext, operand: number, bytes: Bytes): Count {
  const mask = countMask(bytes);
  if (c.isImmediate(operand)) {
    const literal = Number(c.insn.immediate(operand)) & mask;
    return { literal, slot: literal === 0 ? 0 : c.ir.constant(BigInt(literal)) };
  }
  return { slot: c.op(Op.ANDI32, c.readLow(operand), mask) };
}

/** Runs `body` unless the count is zero, which leaves the flags alone. */
function unlessZero(c: LiftContext, count: Count, body: () => void): void {
  if (count.literal !== undefined) {
    if (count.literal !== 0) body();
    return;
  }
  const skip = c.ir.skip(Op.SKIPZ, count.slot);
  body();
  c.ir.land(skip);
}

function shift(kind: FlagsKind.SHL | FlagsKind.SHR | FlagsKind.SAR): LiftFunction {
  const op64 = kind === FlagsKind.SHL ? Op.SHL64 : kind === FlagsKind.SHR ? Op.SHR64 : Op.SAR64;
  const op32 = kind === FlagsKind.SHL ? Op.SHL32 : kind === FlagsKind.SHR ? Op.SHR32 : Op.SAR32;
  const opi64 = kind === FlagsKind.SHL ? Op.SHLI64 : kind === FlagsKind.SHR ? Op.SHRI64 : Op.SARI64;
  const opi32 = kind === FlagsKind.SHL ? Op.SHLI32 : kind === FlagsKind.SHR ? Op.SHRI32 : Op.SARI32;
  return (c) => {
    const n = c.bytes(0);
    const old = c.readModify(0);
    const count = countOf(c, 1, n);
    let a = old;
    if (n < 4 && kind !== FlagsKind.SHL) a = kind === FlagsKind.SHR ? c.zext(old, n) : c.sext(old, n);
    let r = a;
    if (count.literal === undefined) r = c.op(wide(n, op64, op32), a, count.slot);
    else if (count.literal !== 0) r = c.op(wide(n, opi64, opi32), a, count.literal);
    else r = c.zext(a, n);
    commit(c, r, () => unlessZero(c, count, () => flags(c, kind, n, r, a, count.slot)));
  };
}

/** The low part of a slot repeated over 32 bits, so that a 32-bit rotate serves narrow operands. */
function repeated(c: LiftContext, slot: number, bytes: Bytes): number {
  if (bytes >= 4) return slot;
  let v = c.zext(slot, bytes);
  if (bytes === 1) v = c.op(Op.OR32, v, c.op(Op.SHLI32, v, 8));
  return c.op(Op.OR32, v, c.op(Op.SHLI32, v, 16));
}

/** ROL and ROR change CF and OF only. OF is defined for a count of 1; the same formula serves for all. */
function rotate(left: boolean): LiftFunction {
  return (c) => {
    const n = c.bytes(0);
    const old = c.readModify(0);
    const count = countOf(c, 1, n);
    if (count.literal === 0) {
      c.write(0, c.zext(old, n));
      return;
    }
    const op = left ? wide(n, Op.ROTL64, Op.ROTL32) : wide(n, Op.ROTR64, Op.ROTR32);
    const r = c.op(op, repeated(c, old, n), count.slot);
    const bit = (k: number) => c.op(Op.ANDI32, k === 0 ? r : c.op(wide(n, Op.SHRI64, Op.SHRI32), r, k), 1);
    commit(c, r, () =>
      unlessZero(c, count, () => {
        const top = bit(n * 8 - 1);
        const carry = left ? bit(0) : top;
        const overflow = c.op(Op.XOR32, top, left ? carry : bit(n * 8 - 2));
        setFlagBits(c, ~0x801, [
          [carry, FlagPosition.CF],
          [overflow, FlagPosition.OF],
        ]);
      }),
    );
  };
}

/** A pair of adjacent temporaries for helpers that give a value and flags. */
function valueAndFlags(c: LiftContext): number {
  const value = c.ir.temp();
  c.ir.temp();
  return value;
}

/** RCL and RCR rotate through CF. */
function rotateThroughCarry(helper: 'rcl' | 'rcr'): LiftFunction {
  return (c) => {
    const n = c.bytes(0);
    const value = valueAndFlags(c);
    c.ir.emit(Op.MOV, value, c.readModify(0));
    c.helper(helper, value, c.readLow(1), n);
    commit(c, value, () => c.ir.emit(Op.SETFLAGS, 0, value + 1));
  };
}

/** SHLD and SHRD. */
function doubleShift(helper: 'shld' | 'shrd'): LiftFunction {
  return (c) => {
    const n = c.bytes(0);
    const value = valueAndFlags(c);
    c.ir.emit(Op.MOV, value, c.readModify(0));
    c.helper(helper, value, c.readLow(1), n | (c.readLow(2) << 8));
    commit(c, value, () => c.ir.emit(Op.SETFLAGS, 0, value + 1));
  };
}

/** SHLX, SHRX, SARX: three operands, no flags. */
function shiftx(op64: Op, op32: Op): LiftFunction {
  return (c) => {
    const n = c.bytes(0);
    const value = c.readLow(1);
    const d = c.destination(0);
    c.ir.emit(wide(n, op64, op32), d, value, c.readLow(2));
    c.write(0, d);
  };
}

function rorx(c: LiftContext): void {
  const n = c.bytes(0);
  const value = c.readLow(1);
  const count = c.ir.constant(c.insn.immediate(2) & BigInt(countMask(n)));
  const d = c.destination(0);
  c.ir.emit(wide(n, Op.ROTR64, Op.ROTR32), d, value, count);
  c.write(0, d);
}

const shl = shift(FlagsKind.SHL);

/** Shifts and rotates. */
export const shiftLifters: LiftTable = new Map<number, LiftFunction>([
  [Mnemonic.Shl, shl],
  [Mnemonic.Sal, shl],
  [Mnemonic.Shr, shift(FlagsKind.SHR)],
  [Mnemonic.Sar, shift(FlagsKind.SAR)],
  [Mnemonic.Rol, rotate(true)],
  [Mnemonic.Ror, rotate(false)],
  [Mnemonic.Rcl, rotateThroughCarry('rcl')],
  [Mnemonic.Rcr, rotateThroughCarry('rcr')],
  [Mnemonic.Shld, doubleShift('shld')],
  [Mnemonic.Shrd, doubleShift('shrd')],
  [Mnemonic.Shlx, shiftx(Op.SHL64, Op.SHL32)],
  [Mnemonic.Shrx, shiftx(Op.SHR64, Op.SHR32)],
  [Mnemonic.Sarx, shiftx(Op.SAR64, Op.SAR32)],
  [Mnemonic.Rorx, rorx],
]);
