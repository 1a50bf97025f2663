import { Mnemonic } from 'iced-x86';
import { FlagsKind, Op } from '../ir/ops';
import { FlagPosition, flags, setFlagBits, sizeCode, wide } from './common';
import type { Bytes, LiftContext, LiftFunction, LiftTable } from './context';

/** What BTS, BTR and BTC do with the bit; BT nothing. */
type BitChange = 'test' | 'set' | 'reset' | 'complement';

/**
 * BT, BTS, BTR, BTC. With a register as bit offset and a memory operand, the
 * offset reaches beyond the operand: it selects an element of a bit string
 * (SDM 1 4.5 "bit strings"). CF is the old bit; other flags stay.
 */
function bitTest(change: BitChange): LiftFunction {
  return (c) => {
    const n = c.bytes(0);
    const writes = change !== 'test';
    const offset = c.readLow(1);
    if (c.isMemory(0) && !c.isImmediate(1)) {
      // Bytes to the element: the signed offset divided by the element's bits, times its bytes.
      const log = 3 + sizeCode(n);
      const element = c.op(Op.SARI64, n === 8 ? offset : c.sext(offset, n), log);
      c.displaceMemory(c.op(Op.SHLI64, element, log - 3), n, writes);
    }
    const old = writes ? c.readModify(0) : c.readLow(0);
    const index = c.op(Op.ANDI32, offset, n * 8 - 1);
    const bit = c.op(Op.ANDI32, c.op(wide(n, Op.SHR64, Op.SHR32), old, index), 1);
    if (writes) c.write(0, changed(c, change, n, old, index));
    setFlagBits(c, ~1, [[bit, FlagPosition.CF]]);
  };
}

function changed(c: LiftContext, change: BitChange, n: Bytes, old: number, index: number): number {
  const mask = c.op(wide(n, Op.SHL64, Op.SHL32), c.ir.constant(1n), index);
  if (change === 'set') return c.op(wide(n, Op.OR64, Op.OR32), old, mask);
  if (change === 'complement') return c.op(wide(n, Op.XOR64, Op.XOR32), old, mask);
  return c.op(wide(n, Op.AND64, Op.AND32), old, c.op(Op.XOR64, mask, c.ir.constant(-1n)));
}

/** BSF and BSR leave the destination as it is when the source is zero. */
function bitScan(reverse: boolean): LiftFunction {
  return (c) => {
    const n = c.bytes(0);
    const source = c.read(1);
    let index = c.op(reverse ? Op.CLZ64 : Op.CTZ64, source);
    if (reverse) index = c.op(Op.XOR32, index, c.ir.constant(63n));
    const { slot } = c.gpr(0)!;
    const whole = n === 2 ? c.op(Op.INS16, slot, index) : index;
    // Only ZF is defined.
    const zero = c.op(Op.EQZ64, source);
    c.ir.emit(Op.CMOVNZ, slot, source, whole);
    setFlagBits(c, 0, [[zero, FlagPosition.ZF]]);
  };
}

/** TZCNT and LZCNT: CF says that the source was zero, ZF that the result is. */
function countZeros(leading: boolean): LiftFunction {
  return (c) => {
    const n = c.bytes(0);
    const source = c.read(1);
    const zero = c.op(Op.EQZ64, source);
    let count: number;
    if (leading) count = c.op(Op.ADDI32, c.op(Op.CLZ64, source), n * 8 - 64);
    else {
      // A bit above the operand makes the count stop there.
      const stop = n === 8 ? source : c.op(Op.OR64, source, c.ir.constant(1n << BigInt(n * 8)));
      count = c.op(Op.CTZ64, stop);
    }
    c.write(0, count);
    setFlagBits(c, 0, [
      [zero, FlagPosition.CF],
      [c.op(Op.EQZ64, count), FlagPosition.ZF],
    ]);
  };
}

function popcnt(c: LiftContext): void {
  const source = c.read(1);
  const zero = c.op(Op.EQZ64, source);
  c.write(0, c.op(Op.POPCNT64, source));
  setFlagBits(c, 0, [[zero, FlagPosition.ZF]]);
}

function andn(c: LiftContext): void {
  const n = c.bytes(0);
  const inverted = c.op(Op.XOR64, c.readLow(1), c.ir.constant(-1n));
  const d = c.op(wide(n, Op.AND64, Op.AND32), inverted, c.readLow(2));
  c.write(0, d);
  flags(c, FlagsKind.LOGIC, n, d, d, d);
}

/** SF, ZF of the result, OF = 0, CF from a slot; AF and PF are undefined. */
function resultFlags(c: LiftContext, n: Bytes, result: number, carry: number): void {
  flags(c, FlagsKind.LOGIC, n, result, result, result);
  setFlagBits(c, ~1, [[carry, FlagPosition.CF]]);
}

/** BLSI, BLSR, BLSMSK: source and source − 1 (or −source) combined. */
function lowestBit(kind: 'isolate' | 'reset' | 'mask'): LiftFunction {
  return (c) => {
    const n = c.bytes(0);
    const source = c.read(1);
    const zero = c.op(Op.EQZ64, source);
    let r: number;
    let carry = zero;
    if (kind === 'isolate') {
      const negative = c.op(wide(n, Op.SUB64, Op.SUB32), c.ir.constant(0n), source);
      r = c.op(wide(n, Op.AND64, Op.AND32), source, negative);
      carry = c.op(Op.EQZ64, zero);
    } else {
      const less = c.op(wide(n, Op.ADDI64, Op.ADDI32), source, -1);
      const op = kind === 'reset' ? wide(n, Op.AND64, Op.AND32) : wide(n, Op.XOR64, Op.XOR32);
      r = c.op(op, source, less);
    }
    c.write(0, r);
    resultFlags(c, n, r, carry);
  };
}

/** BZHI: clears the bits from the index on; CF when the index is beyond the operand. */
function bzhi(c: LiftContext): void {
  const n = c.bytes(0);
  const source = c.readLow(1);
  const index = c.zext(c.readLow(2), 1);
  const inside = c.op(Op.LTU64, index, c.ir.constant(BigInt(n * 8)));
  const power = c.op(Op.SHL64, c.ir.constant(1n), index);
  const cleared = c.op(Op.AND64, source, c.op(Op.ADDI64, power, -1));
  const r = c.op(Op.MOV, source);
  c.ir.emit(Op.CMOVNZ, r, inside, cleared);
  c.write(0, r);
  resultFlags(c, n, r, c.op(Op.EQZ64, inside));
}

/** BEXTR, PDEP, PEXT: pure functions of two values; only BEXTR has flags. */
function viaHelper(helper: 'bextr' | 'pdep' | 'pext'): LiftFunction {
  return (c) => {
    const n = c.bytes(0);
    const r = c.ir.temp();
    c.helper(helper, r, c.read(1), c.read(2));
    c.write(0, r);
    if (helper === 'bextr') flags(c, FlagsKind.LOGIC, n, r, r, r);
  };
}

/** Bit tests, scans, counts and BMI. */
export const bitLifters: LiftTable = new Map<number, LiftFunction>([
  [Mnemonic.Bt, bitTest('test')],
  [Mnemonic.Bts, bitTest('set')],
  [Mnemonic.Btr, bitTest('reset')],
  [Mnemonic.Btc, bitTest('complement')],
  [Mnemonic.Bsf, bitScan(false)],
  [Mnemonic.Bsr, bitScan(true)],
  [Mnemonic.Tzcnt, countZeros(false)],
  [Mnemonic.Lzcnt, countZeros(true)],
  [Mnemonic.Popcnt, popcnt],
  [Mnemonic.Andn, andn],
  [Mnemonic.Blsi, lowestBit('isolate')],
  [Mnemonic.Blsr, lowestBit('reset')],
  [Mnemonic.Blsmsk, lowestBit('mask')],
  [Mnemonic.Bzhi, bzhi],
  [Mnemonic.Bextr, viaHelper('bextr')],
  [Mnemonic.Pdep, viaHelper('pdep')],
  [Mnemonic.Pext, viaHelper('pext')],
]);
