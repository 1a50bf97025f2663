import { Mnemonic } from 'iced-x86';
import { Slot } from '../cpu/state';
import { FlagsKind, MemAux, Op } from '../ir/ops';
import { FlagPosition, flags, setFlagBits, wide } from './common';
import type { LiftContext, LiftFunction, LiftTable } from './context';

// With one processor every instruction is atomic, so LOCK needs nothing here.

/** XADD: the destination's old value goes to the source; with one register for both, the sum wins. */
function xadd(c: LiftContext): void {
  const n = c.bytes(0);
  const old = c.op(Op.MOV, c.readModify(0));
  const source = c.op(Op.MOV, c.readLow(1));
  const sum = c.op(wide(n, Op.ADD64, Op.ADD32), old, source);
  if (c.isMemory(0)) c.write(0, sum);
  c.write(1, old);
  if (!c.isMemory(0)) c.write(0, sum);
  flags(c, FlagsKind.ADD, n, sum, old, source);
}

/**
 * CMPXCHG writes memory in any case: with the old value if they differ (SDM 2
 * "CMPXCHG"). A register is left alone then, also the upper half of a 32-bit
 * one, as the recorded processor does.
 */
function cmpxchg(c: LiftContext): void {
  const n = c.bytes(0);
  const old = c.op(Op.MOV, c.readModify(0));
  const accumulator = c.op(Op.MOV, Slot.RAX);
  const difference = c.op(wide(n, Op.SUB64, Op.SUB32), accumulator, old);
  const differs = n < 4 ? c.zext(difference, n) : difference;
  const source = c.readLow(1);
  if (c.isMemory(0)) {
    const value = c.op(Op.MOV, source);
    c.ir.emit(Op.CMOVNZ, value, differs, old);
    c.write(0, value);
  }
  flags(c, FlagsKind.SUB, n, difference, accumulator, old);
  const unequal = c.ir.skip(Op.SKIPNZ, differs);
  if (!c.isMemory(0)) c.write(0, source);
  const done = c.ir.skip(Op.SKIP);
  c.ir.land(unequal);
  c.writeRegister(Slot.RAX, n, old);
  c.ir.land(done);
}

/** CMPXCHG8B and CMPXCHG16B: rDX:rAX against memory, rCX:rBX to store; only ZF changes. */
function cmpxchgPair(n: 4 | 8): LiftFunction {
  return (c) => {
    const address = c.address(2 * n, true);
    if (n === 8) c.helper('alignedTo16', c.linear(16, true));
    const low = c.load(address, n, MemAux.WRITE_INTENT);
    const high = c.load(address, n, MemAux.WRITE_INTENT, n);
    const part = (slot: number) => (n === 8 ? slot : c.zext(slot, 4));
    const equal = c.op(Op.AND32, c.op(Op.EQ64, low, part(Slot.RAX)), c.op(Op.EQ64, high, part(Slot.RDX)));
    const newLow = c.op(Op.MOV, low);
    const newHigh = c.op(Op.MOV, high);
    c.ir.emit(Op.CMOVNZ, newLow, equal, Slot.RBX);
    c.ir.emit(Op.CMOVNZ, newHigh, equal, Slot.RCX);
    c.store(address, n, newLow);
    c.store(address, n, newHigh, n);
    const skip = c.ir.skip(Op.SKIPNZ, equal);
    c.writeRegister(Slot.RAX, n, low);
    c.writeRegister(Slot.RDX, n, high);
    c.ir.land(skip);
    setFlagBits(c, ~0x40, [[equal, FlagPosition.ZF]]);
  };
}

/** Instructions made for synchronization. */
export const atomicLifters: LiftTable = new Map<number, LiftFunction>([
  [Mnemonic.Xadd, xadd],
  [Mnemonic.Cmpxchg, cmpxchg],
  [Mnemonic.Cmpxchg8b, cmpxchgPair(4)],
  [Mnemonic.Cmpxchg16b, cmpxchgPair(8)],
]);
