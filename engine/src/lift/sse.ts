/** What the SSE families share: registers, operands, and who may execute them. */
import { Mnemonic, OpKind, Register } from 'iced-x86';
import { Slot } from '../cpu/state';
import { Mode } from '../ir/block';
import { MemAux, Op } from '../ir/ops';
import { type VectorOp, VectorSet } from '../ir/vector-ops';
import type { LiftContext, LiftFunction } from './context';

/** First slot of the XMM register that operand i is; undefined if it is something else. */
export function xmm(c: LiftContext, i: number): number | undefined {
  if (!c.isRegister(i)) return undefined;
  const number = c.insn.opRegister(i) - Register.XMM0;
  return number >= 0 && number < 16 ? Slot.XMM0 + number * 2 : undefined;
}

/** Operand i as a vector: a register's own slots, or 16 bytes of memory, which must be aligned. */
export function packed(c: LiftContext, i: number): number {
  const register = xmm(c, i);
  if (register !== undefined) return register;
  const t = c.ir.vector();
  load128(c, t, true);
  return t;
}

/** Operand i as the lowest lane of a vector: a register's own slots, or `bytes` of memory. */
export function scalar(c: LiftContext, i: number, bytes: 4 | 8): number {
  const register = xmm(c, i);
  if (register !== undefined) return register;
  const t = c.ir.vector();
  loadOnly(c, t, bytes);
  return t;
}

/** vector d ← `bytes` of the memory operand, the rest zero. */
export function loadOnly(c: LiftContext, d: number, bytes: 4 | 8): void {
  set(c, bytes === 4 ? VectorSet.ONLY32 : VectorSet.ONLY64, d, d, c.load(c.address(bytes), bytes));
}

/** vector d ← the 16-byte memory operand. */
export function load128(c: LiftContext, d: number, aligned: boolean): void {
  const { slot, displacement, aux } = c.address(16);
  c.ir.emit(Op.LOAD128, d, slot, displacement, aux | (aligned ? MemAux.ALIGNED : 0));
}

/** The 16-byte memory operand ← vector. */
export function store128(c: LiftContext, vector: number, aligned: boolean): void {
  const { slot, displacement, aux } = c.address(16, true);
  c.ir.emit(Op.STORE128, vector, slot, displacement, aux | (aligned ? MemAux.ALIGNED : 0));
}

export function vector(c: LiftContext, op: VectorOp, d: number, a: number, b: number, literal = 0): void {
  c.ir.emit(Op.VECTOR, d, a, b, op | (literal << 8));
}

export function set(c: LiftContext, kind: VectorSet, d: number, a: number, b: number, lane = 0): void {
  c.ir.emit(Op.VSET, d, a, b, kind | (lane << 8));
}

/** The 8-bit literal that is operand i. */
export function literal(c: LiftContext, i: number): number {
  return Number(c.insn.immediate(i)) & 0xff;
}

/** Has an MMX register among its operands. */
function usesMmx(c: LiftContext): boolean {
  const { insn } = c;
  for (let i = 0; i < insn.opCount; i++) {
    if (insn.opKind(i) !== OpKind.Register) continue;
    const register = insn.opRegister(i);
    if (register >= Register.MM0 && register <= Register.MM7) return true;
  }
  return false;
}

/** An SSE instruction: #UD or #NM where the operating system does not allow them; the forms on MMX registers are left out. */
export function sse(lift: LiftFunction): LiftFunction {
  return (c) => {
    if (usesMmx(c)) c.unsupported();
    else if (c.mode & Mode.SSE) lift(c);
    else {
      c.helper('sseUnavailable');
      c.end();
    }
  };
}

/** Entries of a lift table by mnemonic names. */
export function entries(table: Readonly<Record<string, LiftFunction>>): [number, LiftFunction][] {
  return Object.entries(table).map(([name, lift]) => [Mnemonic[name as keyof typeof Mnemonic], sse(lift)]);
}
