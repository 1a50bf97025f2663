import { Mnemonic } from 'iced-x86';
import { Vector } from '../cpu/cpu';
import { Flag, Slot } from '../cpu/state';
import { Op } from '../ir/ops';
import type { LiftContext, LiftFunction, LiftTable } from './context';

function changeCarry(op: Op.ANDI32 | Op.OR32 | Op.XOR32): LiftFunction {
  return (c) => {
    const old = c.op(Op.GETFLAGS);
    const f = op === Op.ANDI32 ? c.op(op, old, ~Flag.CF) : c.op(op, old, c.ir.constant(1n));
    c.ir.emit(Op.SETFLAGS, 0, f);
  };
}

function std(c: LiftContext): void {
  c.ir.emit(Op.OR64, Slot.RFLAGS, Slot.RFLAGS, c.ir.constant(BigInt(Flag.DF)));
}

function cld(c: LiftContext): void {
  c.ir.emit(Op.ANDI64, Slot.RFLAGS, Slot.RFLAGS, ~Flag.DF);
}

/** LAHF: SF ZF 0 AF 0 PF 1 CF to AH. */
function lahf(c: LiftContext): void {
  const low = c.op(Op.OR32, c.op(Op.GETFLAGS), c.ir.constant(2n));
  c.ir.emit(Op.INS8H, Slot.RAX, Slot.RAX, low);
}

/** SAHF: the five flags of AH; OF stays. */
function sahf(c: LiftContext): void {
  const overflow = c.op(Op.ANDI32, c.op(Op.GETFLAGS), Flag.OF);
  const ah = c.op(Op.ANDI32, c.zext(Slot.RAX, 1, true), Flag.ARITHMETIC & 0xff);
  c.ir.emit(Op.SETFLAGS, 0, c.op(Op.OR32, overflow, ah));
}

/** SALC (undocumented, not in 64-bit mode): AL ← CF ? FFh : 0. */
function salc(c: LiftContext): void {
  const all = c.op(Op.SUB32, c.ir.constant(0n), c.op(Op.COND, 0, 0, 2));
  c.ir.emit(Op.INS8, Slot.RAX, Slot.RAX, all);
}

function nothing(): void {}

/** CLFLUSH and its kin move nothing, but their address is checked like a byte read. */
function flushLine(c: LiftContext): void {
  c.load(c.address(1), 1);
}

function undefinedInstruction(c: LiftContext): void {
  c.raise(Vector.UD);
}

/** BOUND: #BR unless the signed index lies between the two bounds in memory. */
function bound(c: LiftContext): void {
  const n = c.bytes(0) as 2 | 4;
  const address = c.address(2 * n);
  const lower = c.load(address, n);
  const upper = c.load(address, n, 0, n);
  const index = c.sext(c.readLow(0), n);
  const below = c.op(Op.LTS64, index, c.sext(lower, n));
  const above = c.op(Op.LTS64, c.sext(upper, n), index);
  const skip = c.ir.skip(Op.SKIPZ, c.op(Op.OR32, below, above));
  c.helper('boundRange');
  c.ir.land(skip);
}

/** Flag instructions, and those that do nothing or must not exist. */
export const flagLifters: LiftTable = new Map<number, LiftFunction>([
  [Mnemonic.Stc, changeCarry(Op.OR32)],
  [Mnemonic.Clc, changeCarry(Op.ANDI32)],
  [Mnemonic.Cmc, changeCarry(Op.XOR32)],
  [Mnemonic.Std, std],
  [Mnemonic.Cld, cld],
  [Mnemonic.Lahf, lahf],
  [Mnemonic.Sahf, sahf],
  [Mnemonic.Salc, salc],
  [Mnemonic.Bound, bound],
  [Mnemonic.Clflush, flushLine],
  [Mnemonic.Clflushopt, flushLine],
  [Mnemonic.Clwb, flushLine],
  ...[
    Mnemonic.Nop,
    Mnemonic.Reservednop,
    Mnemonic.Endbr32,
    Mnemonic.Endbr64,
    Mnemonic.Prefetch,
    Mnemonic.Prefetchnta,
    Mnemonic.Prefetcht0,
    Mnemonic.Prefetcht1,
    Mnemonic.Prefetcht2,
    Mnemonic.Prefetchw,
    Mnemonic.Prefetchwt1,
    Mnemonic.Prefetchit0,
    Mnemonic.Prefetchit1,
    Mnemonic.Cldemote,
    Mnemonic.Lfence,
    Mnemonic.Mfence,
    Mnemonic.Sfence,
    // Without CET these are NOPs (SDM 2 "RDSSPD").
    Mnemonic.Rdsspd,
    Mnemonic.Rdsspq,
  ].map((mnemonic): [number, LiftFunction] => [mnemonic, nothing]),
  ...[Mnemonic.Ud0, Mnemonic.Ud1, Mnemonic.Ud2].map((mnemonic): [number, LiftFunction] => [
    mnemonic,
    undefinedInstruction,
  ]),
]);
