/** Far RET and IRET (SDM 2A/2B, operation sections; SDM 3A 5.8.6, 6.12.1, 6.14.3). */
import { writeRflags } from '../ir/flags';
import { type Cpu, Vector } from './cpu';
import {
  type Descriptor,
  dplOf,
  fetchDescriptor,
  generalProtection,
  isCode,
  isConforming,
  isNull,
  isPresent,
  markAccessed,
  selectorFault,
  setFromDescriptor,
  setNull,
} from './descriptors';
import { checkCodeOffset, checkCodeSize, is64 } from './far-transfers';
import { hex, hexHalves, nextRip } from './limits';
import { checkStackDescriptor, realModeSegment } from './segmentation';
import { StackFrame, type StackSize, setStackPointer } from './stack';
import { Access, Flag, Seg, Slot } from './state';
import { taskReturn } from './tasks';

/** RETF with operand size `size`; `release` bytes of parameters. False after a fault. */
export function farReturn(cpu: Cpu, size: StackSize, release: number): boolean {
  const stack = StackFrame.current(cpu);
  if (!stack.pop(size)) return false;
  const ripLow = stack.valueLow;
  const ripHigh = stack.valueHigh;
  if (!stack.pop(size)) return false;
  const selector = stack.valueLow & 0xffff;
  if (cpu.realMode) {
    stack.move(release);
    return realReturn(cpu, selector, ripLow, ripHigh, stack);
  }
  const code = checkReturnCode(cpu, selector, ripLow, ripHigh);
  if (!code) return false;
  stack.move(release);
  if ((selector & 3) === cpu.cpl) {
    if (!markAccessed(cpu, code)) return false;
    setStackPointer(cpu, stack.low, stack.high, cpu.code64, cpu.state.access(Seg.SS));
    commit(cpu, code, ripLow, ripHigh);
    return true;
  }
  const outer = popStack(cpu, stack, size, code);
  if (!outer || !markAccessed(cpu, code)) return false;
  setOuterStack(cpu, outer, code, release);
  commit(cpu, code, ripLow, ripHigh);
  dropInnerSegments(cpu);
  return true;
}

/** IRET, IRETD, IRETQ. False after a fault, exit or stop. */
export function interruptReturn(cpu: Cpu, size: StackSize): boolean {
  const s = cpu.state;
  if (!cpu.realMode && cpu.flag(Flag.NT)) {
    if (cpu.longMode) return generalProtection(cpu, 'IRET with RFLAGS.NT set in long mode.');
    return taskReturn(cpu, nextRip(cpu));
  }
  const stack = StackFrame.current(cpu);
  stack.expect((cpu.code64 ? 5 : 3) * size);
  if (!stack.pop(size)) return false;
  const ripLow = stack.valueLow;
  const ripHigh = stack.valueHigh;
  if (!stack.pop(size)) return false;
  const selector = stack.valueLow & 0xffff;
  if (!stack.pop(size)) return false;
  const flags = stack.valueLow;
  if (cpu.realMode) {
    if (!realReturn(cpu, selector, ripLow, ripHigh, stack)) return false;
    finishReturn(cpu, flags, flagsMask(0, 0, size));
    return true;
  }
  if (flags & Flag.VM && size === 4 && cpu.cpl === 0 && !cpu.longMode) {
    cpu.requestStop({
      kind: 'unsupported',
      explanation: `IRET to virtual-8086 mode (EFLAGS image ${hex(flags)}); that mode is not implemented.`,
    });
    return false;
  }
  const code = checkReturnCode(cpu, selector, ripLow, ripHigh);
  if (!code) return false;
  const mask = flagsMask(cpu.cpl, cpu.iopl, size) | (cpu.cpl === 0 && size > 2 ? Flag.VIF | Flag.VIP : 0);
  const outer = (selector & 3) !== cpu.cpl;

  if (outer || cpu.code64) {
    // In 64-bit mode SS:RSP is popped whether or not the privilege level changes.
    const target = popStack(cpu, stack, size, code);
    if (!target || !markAccessed(cpu, code)) return false;
    setOuterStack(cpu, target, code, 0);
  } else {
    if (!markAccessed(cpu, code)) return false;
    setStackPointer(cpu, stack.low, stack.high, false, s.access(Seg.SS));
  }
  commit(cpu, code, ripLow, ripHigh);
  if (outer) dropInnerSegments(cpu);
  finishReturn(cpu, flags, mask);
  return true;
}

function finishReturn(cpu: Cpu, flags: number, mask: number): void {
  const s = cpu.state;
  const old = s.low(Slot.RFLAGS);
  // RF suppresses instruction breakpoints, and is left out when there are none.
  const loaded = s.low(Slot.DR7) & 0xff ? mask | Flag.RF : mask;
  // The arithmetic flags, which are not kept there, are all in the mask.
  writeRflags(s, (old & ~loaded) | (flags & loaded));
  if (flags & loaded & Flag.RF) cpu.attention();
  s.setLow(Slot.NMI_BLOCKED, 0);
  if ((old ^ s.low(Slot.RFLAGS)) & Flag.AC) cpu.segmentsChanged();
  cpu.flagsLoaded(old);
}

/**
 * RFLAGS bits that POPF and IRET may change at a privilege level (SDM 2B POPF,
 * Table 4-15), but RF.
 */
export function flagsMask(cpl: number, iopl: number, size: StackSize): number {
  return (
    Flag.ARITHMETIC |
    Flag.TF |
    Flag.DF |
    Flag.NT |
    (size > 2 ? Flag.AC | Flag.ID : 0) |
    (cpl <= iopl ? Flag.IF : 0) |
    (cpl === 0 ? Flag.IOPL : 0)
  );
}

function realReturn(cpu: Cpu, selector: number, ripLow: number, ripHigh: number, stack: StackFrame): boolean {
  const s = cpu.state;
  if (ripHigh !== 0 || ripLow > s.segmentLimit(Seg.CS))
    return generalProtection(
      cpu,
      `Far return to offset ${hexHalves(ripLow, ripHigh)} beyond the code segment's limit.`,
    );
  s.setSegment(Seg.CS, realModeSegment(cpu, Seg.CS, selector));
  s.setHalves(Slot.RIP, ripLow, ripHigh);
  setStackPointer(cpu, stack.low, stack.high, false, s.access(Seg.SS));
  cpu.segmentsChanged();
  return true;
}

function checkReturnCode(
  cpu: Cpu,
  selector: number,
  ripLow: number,
  ripHigh: number,
): Descriptor | undefined {
  if (isNull(selector)) {
    generalProtection(cpu, 'Far return to a null code selector.');
    return undefined;
  }
  const d = fetchDescriptor(cpu, selector);
  if (!d) return undefined;
  const rpl = selector & 3;
  if (!isCode(d)) return badCode(cpu, Vector.GP, selector, 'it is not a code segment');
  if (rpl < cpu.cpl)
    return badCode(cpu, Vector.GP, selector, `RPL ${rpl} is more privileged than CPL ${cpu.cpl}`);
  if (isConforming(d) ? dplOf(d) > rpl : dplOf(d) !== rpl)
    return badCode(cpu, Vector.GP, selector, `DPL ${dplOf(d)} does not fit RPL ${rpl}`);
  if (!checkCodeSize(cpu, d)) return undefined;
  if (!isPresent(d)) return badCode(cpu, Vector.NP, selector, 'it is not present');
  return checkCodeOffset(cpu, d, ripLow, ripHigh) ? d : undefined;
}

function badCode(cpu: Cpu, vector: Vector, selector: number, why: string): undefined {
  selectorFault(cpu, vector, selector, `Far return to selector ${hex(selector)}: ${why}.`);
}

/** SS:RSP of the code to return to, checked. */
interface OuterStack {
  low: number;
  high: number;
  selector: number;
  /** Undefined: SS is null, which only 64-bit code below ring 3 may have. */
  descriptor: Descriptor | undefined;
}

/** Pops RSP and SS for a return to `code`'s RPL and checks the segment. */
function popStack(cpu: Cpu, stack: StackFrame, size: StackSize, code: Descriptor): OuterStack | undefined {
  if (!stack.pop(size)) return undefined;
  const low = stack.valueLow;
  const high = stack.valueHigh;
  if (!stack.pop(size)) return undefined;
  const selector = stack.valueLow & 0xffff;
  const rpl = code.selector & 3;
  if (isNull(selector)) {
    if (is64(cpu, code) && rpl < 3) return { low, high, selector, descriptor: undefined };
    generalProtection(cpu, 'Return with a null SS, which only 64-bit code below ring 3 may have.');
    return undefined;
  }
  const d = fetchDescriptor(cpu, selector);
  if (!d || !checkStackDescriptor(cpu, d, rpl, Vector.GP) || !markAccessed(cpu, d)) return undefined;
  return { low, high, selector, descriptor: d };
}

/** SS:RSP ← the popped stack, with `release` bytes of parameters off it. */
function setOuterStack(cpu: Cpu, stack: OuterStack, code: Descriptor, release: number): void {
  const { descriptor, selector } = stack;
  if (descriptor) setFromDescriptor(cpu, Seg.SS, descriptor);
  else setNull(cpu, Seg.SS, selector, code.selector & 3);
  const low = stack.low + release;
  const high = stack.high + (low > 0xffffffff ? 1 : 0);
  setStackPointer(cpu, low, high, is64(cpu, code), descriptor?.access ?? 0);
}

function commit(cpu: Cpu, code: Descriptor, ripLow: number, ripHigh: number): void {
  setFromDescriptor(cpu, Seg.CS, code);
  cpu.state.setHalves(Slot.RIP, ripLow, ripHigh);
  cpu.segmentsChanged();
}

/** A code segment, conforming. */
const CONFORMING = Access.S | 0xc;

/** Data segments the outer ring may not use become null (SDM 2B "RET", label RETURN-TO-OUTER-PRIVILEGE-LEVEL). */
function dropInnerSegments(cpu: Cpu): void {
  const s = cpu.state;
  let dropped = false;
  for (let seg = Seg.ES; seg <= Seg.GS; seg++) {
    if (seg === Seg.CS || seg === Seg.SS) continue;
    const access = s.access(seg);
    const dpl = (access >> Access.DPL_SHIFT) & 3;
    const conforming = (access & CONFORMING) === CONFORMING;
    if (access & Access.UNUSABLE || conforming || dpl >= cpu.cpl) continue;
    setNull(cpu, seg, 0);
    dropped = true;
  }
  if (dropped) cpu.segmentsChanged();
}
