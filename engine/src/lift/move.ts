import { Mnemonic } from 'iced-x86';
import { Slot } from '../cpu/state';
import { Op } from '../ir/ops';
import { wide } from './common';
import type { LiftContext, LiftFunction, LiftTable } from './context';

/** MOV between general registers, memory and immediates, and from segment registers; the other forms are in system.ts. */
function mov(c: LiftContext): void {
  const to = c.gpr(0);
  if (!to) {
    // Segment registers are stored as a word whatever the operand size.
    c.write(0, c.readLow(1));
    return;
  }
  if (to.bytes < 4) c.write(0, c.readLow(1));
  else if (c.isMemory(1)) {
    const bytes = c.bytes(1);
    c.loadInto(to.slot, c.address(bytes), bytes);
  } else if (c.isImmediate(1)) {
    const value = BigInt.asUintN(to.bytes * 8, c.insn.immediate(1));
    c.ir.emit(Op.CONST, to.slot, Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)));
  } else if (c.gpr(1)) c.ir.emit(to.bytes === 8 ? Op.MOV : Op.ZEXT32, to.slot, c.readLow(1));
  else c.ir.emit(Op.ZEXT16, to.slot, c.readLow(1));
}

/** MOVZX: a load into a wide register needs nothing else, loads zero-extend. */
function movzx(c: LiftContext): void {
  const d = c.destination(0);
  const bytes = c.bytes(1);
  if (c.isMemory(1)) c.loadInto(d, c.address(bytes), bytes);
  else {
    const { slot, high } = c.gpr(1)!;
    c.ir.emit(high ? Op.ZEXT8H : bytes === 1 ? Op.ZEXT8 : Op.ZEXT16, d, slot);
  }
  c.write(0, d);
}

/** MOVSX and MOVSXD. */
function movsx(c: LiftContext): void {
  const source = c.readLow(1);
  c.write(0, c.bytes(1) >= c.bytes(0) ? source : c.sext(source, c.bytes(1)));
}

function lea(c: LiftContext): void {
  c.write(0, c.effective());
}

function xchg(c: LiftContext): void {
  // iced puts the memory operand first; with two registers the order does not matter.
  const first = c.op(Op.MOV, c.readModify(0));
  const second = c.readLow(1);
  c.write(0, second);
  c.write(1, first);
}

/** CBW … CQO. */
const widenings: readonly [Mnemonic, LiftFunction][] = [
  [Mnemonic.Cbw, (c) => c.writeRegister(Slot.RAX, 2, c.sext(Slot.RAX, 1))],
  [Mnemonic.Cwde, (c) => c.writeRegister(Slot.RAX, 4, c.sext(Slot.RAX, 2))],
  [Mnemonic.Cdqe, (c) => void c.ir.emit(Op.SEXT32, Slot.RAX, Slot.RAX)],
  [Mnemonic.Cwd, (c) => c.writeRegister(Slot.RDX, 2, c.op(Op.SARI32, c.sext(Slot.RAX, 2), 31))],
  [Mnemonic.Cdq, (c) => void c.ir.emit(Op.SARI32, Slot.RDX, Slot.RAX, 31)],
  [Mnemonic.Cqo, (c) => void c.ir.emit(Op.SARI64, Slot.RDX, Slot.RAX, 63)],
];

/** A 16-bit BSWAP is undefined; processors give zero. */
function bswap(c: LiftContext): void {
  const { slot, bytes } = c.gpr(0)!;
  if (bytes === 2) c.write(0, c.ir.constant(0n));
  else c.ir.emit(wide(bytes, Op.BSWAP64, Op.BSWAP32), slot, slot);
}

function movbe(c: LiftContext): void {
  const n = c.bytes(0);
  let swapped = c.op(wide(n, Op.BSWAP64, Op.BSWAP32), c.readLow(1));
  if (n === 2) swapped = c.op(Op.SHRI32, swapped, 16);
  c.write(0, swapped);
}

/** XLATB: AL ← [rBX + AL]. iced gives a memory operand with AL as index, which is a byte, so it is put together here. */
function xlatb(c: LiftContext): void {
  const offset = c.op(Op.ADD64, Slot.RBX, c.zext(Slot.RAX, 1));
  const address = c.inSegment(c.zext(offset, c.addressBytes), c.memorySegment, 1, false);
  c.writeRegister(Slot.RAX, 1, c.load(address, 1));
}

/** iced's ConditionCode counts from 1 in the order of the encoding. */
export function conditionOf(c: LiftContext): number {
  return c.insn.conditionCode - 1;
}

/** CMOVcc loads its source, and clears the upper half for 32 bits, whether the condition holds or not. */
function cmov(c: LiftContext): void {
  const { slot, bytes } = c.gpr(0)!;
  let source = c.read(1);
  const holds = c.op(Op.COND, 0, 0, conditionOf(c));
  if (bytes === 2) source = c.op(Op.INS16, slot, source);
  if (bytes === 4) c.ir.emit(Op.ZEXT32, slot, slot);
  c.ir.emit(Op.CMOVNZ, slot, holds, source);
}

function setcc(c: LiftContext): void {
  c.write(0, c.op(Op.COND, 0, 0, conditionOf(c)));
}

/** Mnemonics of a family like CMOVcc by their common beginning. */
export function conditional(prefix: 'J' | 'Set' | 'Cmov', lift: LiftFunction): [number, LiftFunction][] {
  const suffixes = 'o no b ae e ne be a s ns p np l ge le g'.split(' ');
  const byName = Mnemonic as unknown as Record<string, number>;
  return suffixes.map((suffix) => [byName[prefix + suffix], lift]);
}

/** Data movement. */
export const moveLifters: LiftTable = new Map<number, LiftFunction>([
  [Mnemonic.Mov, mov],
  [Mnemonic.Movnti, mov],
  [Mnemonic.Movzx, movzx],
  [Mnemonic.Movsx, movsx],
  [Mnemonic.Movsxd, movsx],
  [Mnemonic.Lea, lea],
  [Mnemonic.Xchg, xchg],
  [Mnemonic.Bswap, bswap],
  [Mnemonic.Movbe, movbe],
  [Mnemonic.Xlatb, xlatb],
  ...widenings,
  ...conditional('Cmov', cmov),
  ...conditional('Set', setcc),
]);
