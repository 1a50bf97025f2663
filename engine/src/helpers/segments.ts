import { loadAccessRights, loadLimit, verify } from '../cpu/access-rights';
import { checkUmip, requireRing0 } from '../cpu/control';
import { Abort, type Cpu } from '../cpu/cpu';
import { generalProtection } from '../cpu/descriptors';
import { farReturn, interruptReturn } from '../cpu/far-returns';
import { farCall, farJump } from '../cpu/far-transfers';
import { hex, isCanonical } from '../cpu/limits';
import { loadLdtr, loadSegment, loadTr } from '../cpu/segmentation';
import type { StackSize } from '../cpu/stack';
import { Flag, Seg, Slot } from '../cpu/state';
import { getFlags, setFlags } from '../ir/flags';
import type { HelperTable } from './types';

/** Selector in a slot's low word. */
function selectorIn(cpu: Cpu, slot: number): number {
  return cpu.state.low(slot) & 0xffff;
}

function setZf(cpu: Cpu, on: boolean): void {
  const flags = getFlags(cpu.state);
  setFlags(cpu.state, on ? flags | Flag.ZF : flags & ~Flag.ZF);
}

/** Segment register d (literal) ← selector in slot a; b = 1: MOV SS or POP SS, which shadow the next instruction. */
function loadSegmentRegister(cpu: Cpu, d: number, a: number, b: number): void {
  if (!loadSegment(cpu, d as Seg, selectorIn(cpu, a)) || !b) return;
  cpu.state.setNumber(Slot.SHADOW_SS, cpu.icount);
  cpu.attention();
}

/** CS:RIP ← selector in slot d, offset in slot a. */
function jumpFar(cpu: Cpu, d: number, a: number): void {
  farJump(cpu, selectorIn(cpu, d), cpu.state.u64[a]);
}

/** The same with the return address pushed in b bytes each. */
function callFar(cpu: Cpu, d: number, a: number, b: number): void {
  farCall(cpu, selectorIn(cpu, d), cpu.state.u64[a], b as StackSize);
}

/** RETF with operand size d, releasing a bytes. */
function returnFar(cpu: Cpu, d: number, a: number): void {
  farReturn(cpu, d as StackSize, a);
}

/** IRET with operand size d. */
function iret(cpu: Cpu, d: number): void {
  interruptReturn(cpu, d as StackSize);
}

/** LLDT (d = 0) and LTR (d = 1) of the selector in slot a; b: slot with the linear address of a memory operand, or 0. */
function loadSystemSelector(cpu: Cpu, d: number, a: number, b: number): void {
  const name = d ? 'ltr' : 'lldt';
  if (!requireRing0(cpu, name.toUpperCase())) return;
  if (cpu.intercepts.descriptorTable(name, b ? cpu.state.u64[b] : 0n)) return;
  if (d) loadTr(cpu, selectorIn(cpu, a));
  else loadLdtr(cpu, selectorIn(cpu, a));
}

/** Slot d ← LDTR's (a = 0) or TR's (a = 1) selector; b as in {@link loadSystemSelector}. */
function storeSystemSelector(cpu: Cpu, d: number, a: number, b: number): void {
  const name = a ? 'str' : 'sldt';
  if (!checkUmip(cpu, name.toUpperCase())) return;
  if (cpu.intercepts.descriptorTable(name, b ? cpu.state.u64[b] : 0n)) return;
  cpu.state.setLow(d, cpu.state.selector(a ? Seg.TR : Seg.LDTR));
}

/** GDTR (a = 0) or IDTR (a = 1) ← limit and base at the linear address in slot d; base of b bits. */
function loadTableRegister(cpu: Cpu, d: number, a: number, b: number): void {
  const name = a ? 'lidt' : 'lgdt';
  const { state, mmu } = cpu;
  const linear = state.u64[d];
  if (!requireRing0(cpu, name.toUpperCase())) return;
  if (cpu.intercepts.descriptorTable(name, linear)) return;
  const limit = mmu.read16(cpu, linear);
  if (limit === undefined) return;
  const raw = b === 64 ? mmu.read64(cpu, linear + 2n) : mmu.read32(cpu, linear + 2n);
  if (raw === undefined) return;
  const base = BigInt.asUintN(b, BigInt(raw));
  if (!isCanonical(base)) {
    generalProtection(cpu, `${name.toUpperCase()}: the base ${hex(base)} is not canonical.`);
    return;
  }
  state.u64[a ? Slot.IDTR_BASE : Slot.GDTR_BASE] = base;
  state.setLow(a ? Slot.IDTR_LIMIT : Slot.GDTR_LIMIT, limit);
}

/** Limit and base of GDTR (a = 0) or IDTR (a = 1) to the linear address in slot d; base of b bits, 32 or 64. */
function storeTableRegister(cpu: Cpu, d: number, a: number, b: number): void {
  const name = a ? 'sidt' : 'sgdt';
  const { state, mmu } = cpu;
  const linear = state.u64[d];
  if (!checkUmip(cpu, name.toUpperCase())) return;
  if (cpu.intercepts.descriptorTable(name, linear)) return;
  const base = state.u64[a ? Slot.IDTR_BASE : Slot.GDTR_BASE];
  if (!mmu.write16(cpu, linear, state.low(a ? Slot.IDTR_LIMIT : Slot.GDTR_LIMIT))) return;
  if (b === 64) mmu.write64(cpu, linear + 2n, base);
  else mmu.write32(cpu, linear + 2n, Number(base & 0xffffffffn));
}

function answer(cpu: Cpu, d: number, b: number, value: number | undefined): void {
  if (cpu.abort !== Abort.NONE) return;
  setZf(cpu, value !== undefined);
  cpu.state.setLow(b, value === undefined ? 0 : 1);
  cpu.state.setLow(d, value ?? 0);
}

/** Slot d ← access rights of the selector in slot a; slot b ← ZF: whether there is a result. */
function lar(cpu: Cpu, d: number, a: number, b: number): void {
  answer(cpu, d, b, loadAccessRights(cpu, selectorIn(cpu, a)));
}

/** The same for the limit. */
function lsl(cpu: Cpu, d: number, a: number, b: number): void {
  answer(cpu, d, b, loadLimit(cpu, selectorIn(cpu, a)));
}

/** ZF ← the selector in slot d can be read (a = 0) or written (a = 1). */
function verifySelector(cpu: Cpu, d: number, a: number): void {
  const ok = verify(cpu, selectorIn(cpu, d), a !== 0);
  if (cpu.abort === Abort.NONE) setZf(cpu, ok);
}

/** ARPL: slot d ← selector in d with an RPL not below that of slot a; ZF: it was raised. */
function arpl(cpu: Cpu, d: number, a: number): void {
  const selector = selectorIn(cpu, d);
  const rpl = cpu.state.low(a) & 3;
  const raise = (selector & 3) < rpl;
  setZf(cpu, raise);
  cpu.state.setLow(d, raise ? (selector & ~3) | rpl : selector);
}

/** Segment registers, descriptor tables and far transfers; see types.ts for the calling convention. */
export const segmentsHelpers = {
  loadSegmentRegister,
  jumpFar,
  callFar,
  returnFar,
  iret,
  loadSystemSelector,
  storeSystemSelector,
  loadTableRegister,
  storeTableRegister,
  lar,
  lsl,
  verifySelector,
  arpl,
} as const satisfies HelperTable;
