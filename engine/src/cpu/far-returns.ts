/** Far RET and IRET (SDM 2A/2B, operation sections; SDM 3A 5.8.6, 6.12.1, 6.14.3). */
import { readRflags, writeRflags } from '../ir/flags';
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
  nullSegment,
  segmentOf,
  selectorFault,
} from './descriptors';
import { checkCodeOffset, checkCodeSize, is64 } from './far-transfers';
import { hex, nextRip } from './limits';
import { checkStackDescriptor, realModeSegment } from './segmentation';
import { StackFrame, type StackSize, setStackPointer } from './stack';
import { Access, Flag, Seg, type SegmentValue, Slot } from './state';
import { taskReturn } from './tasks';

/** RETF with operand size `size`; `release` bytes of parameters. False after a fault. */
export function farReturn(cpu: Cpu, size: StackSize, release: number): boolean {
  const stack = StackFrame.current(cpu);
  const rip = stack.pop(size);
  if (rip === undefined) return false;
  const cs = stack.pop(size);
  if (cs === undefined) return false;
  const selector = Number(cs & 0xffffn);
  if (cpu.realMode) {
    stack.skip(release);
    return realReturn(cpu, selector, rip, stack);
  }
  const code = checkReturnCode(cpu, selector, rip);
  if (!code) return false;
  stack.skip(release);
  if ((selector & 3) === cpu.cpl) {
    if (!markAccessed(cpu, code)) return false;
    setStackPointer(cpu, stack.pointer, cpu.code64, cpu.state.access(Seg.SS));
    commit(cpu, code, rip);
    return true;
  }
  const outer = popStack(cpu, stack, size, code);
  if (!outer || !markAccessed(cpu, code)) return false;
  const to64 = is64(cpu, code);
  const pointer = outer.pointer + BigInt(release);
  cpu.state.setSegment(Seg.SS, outer.segment);
  setStackPointer(cpu, BigInt.asUintN(64, pointer), to64, outer.segment.access);
  commit(cpu, code, rip);
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
  const rip = stack.pop(size);
  if (rip === undefined) return false;
  const cs = stack.pop(size);
  if (cs === undefined) return false;
  const flagsWord = stack.pop(size);
  if (flagsWord === undefined) return false;
  const flags = Number(flagsWord & 0xffffffffn);
  const selector = Number(cs & 0xffffn);
  if (cpu.realMode) {
    if (!realReturn(cpu, selector, rip, stack)) return false;
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
  const code = checkReturnCode(cpu, selector, rip);
  if (!code) return false;
  const mask = flagsMask(cpu.cpl, cpu.iopl, size) | (cpu.cpl === 0 && size > 2 ? Flag.VIF | Flag.VIP : 0);
  const outer = (selector & 3) !== cpu.cpl;

  if (outer || cpu.code64) {
    // In 64-bit mode SS:RSP is popped whether or not the privilege level changes.
    const target = popStack(cpu, stack, size, code);
    if (!target || !markAccessed(cpu, code)) return false;
    const to64 = is64(cpu, code);
    s.setSegment(Seg.SS, target.segment);
    setStackPointer(cpu, target.pointer, to64, target.segment.access);
  } else {
    if (!markAccessed(cpu, code)) return false;
    setStackPointer(cpu, stack.pointer, false, s.access(Seg.SS));
  }
  commit(cpu, code, rip);
  if (outer) dropInnerSegments(cpu);
  finishReturn(cpu, flags, mask);
  return true;
}

function finishReturn(cpu: Cpu, flags: number, mask: number): void {
  const s = cpu.state;
  writeRflags(s, (readRflags(s) & ~mask) | (flags & mask));
  s.setLow(Slot.NMI_BLOCKED, 0);
  cpu.attention();
}

/**
 * RFLAGS bits that POPF and IRET may change at a privilege level (SDM 2B POPF,
 * Table 4-15). RF is never kept: it only suppresses instruction breakpoints.
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

function realReturn(cpu: Cpu, selector: number, rip: bigint, stack: StackFrame): boolean {
  const s = cpu.state;
  if (rip > BigInt(s.segmentLimit(Seg.CS)))
    return generalProtection(cpu, `Far return to offset ${hex(rip)} beyond the code segment's limit.`);
  s.setSegment(Seg.CS, realModeSegment(cpu, Seg.CS, selector));
  s.u64[Slot.RIP] = rip;
  setStackPointer(cpu, stack.pointer, false, s.access(Seg.SS));
  cpu.modeChanged();
  return true;
}

function checkReturnCode(cpu: Cpu, selector: number, rip: bigint): Descriptor | undefined {
  if (isNull(selector)) {
    generalProtection(cpu, 'Far return to a null code selector.');
    return undefined;
  }
  const d = fetchDescriptor(cpu, selector);
  if (!d) return undefined;
  const rpl = selector & 3;
  const bad = (vector: Vector, why: string): undefined => {
    selectorFault(cpu, vector, selector, `Far return to selector ${hex(selector)}: ${why}.`);
    return undefined;
  };
  if (!isCode(d)) return bad(Vector.GP, 'it is not a code segment');
  if (rpl < cpu.cpl) return bad(Vector.GP, `RPL ${rpl} is more privileged than CPL ${cpu.cpl}`);
  if (isConforming(d) ? dplOf(d) > rpl : dplOf(d) !== rpl)
    return bad(Vector.GP, `DPL ${dplOf(d)} does not fit RPL ${rpl}`);
  if (!checkCodeSize(cpu, d)) return undefined;
  if (!isPresent(d)) return bad(Vector.NP, 'it is not present');
  return checkCodeOffset(cpu, d, rip) ? d : undefined;
}

/** Pops RSP and SS for a return to `code`'s RPL and checks the segment. */
function popStack(
  cpu: Cpu,
  stack: StackFrame,
  size: StackSize,
  code: Descriptor,
): { segment: SegmentValue; pointer: bigint } | undefined {
  const pointer = stack.pop(size);
  if (pointer === undefined) return undefined;
  const ss = stack.pop(size);
  if (ss === undefined) return undefined;
  const selector = Number(ss & 0xffffn);
  const rpl = code.selector & 3;
  if (isNull(selector)) {
    if (is64(cpu, code) && rpl < 3) return { segment: nullSegment(selector, rpl), pointer };
    generalProtection(cpu, 'Return with a null SS, which only 64-bit code below ring 3 may have.');
    return undefined;
  }
  const d = fetchDescriptor(cpu, selector);
  if (!d || !checkStackDescriptor(cpu, d, rpl, Vector.GP) || !markAccessed(cpu, d)) return undefined;
  return { segment: segmentOf(d), pointer };
}

function commit(cpu: Cpu, code: Descriptor, rip: bigint): void {
  cpu.state.setSegment(Seg.CS, segmentOf(code));
  cpu.state.u64[Slot.RIP] = rip;
  cpu.modeChanged();
}

/** Data segments the outer ring may not use become null (SDM 2B "RET", label RETURN-TO-OUTER-PRIVILEGE-LEVEL). */
function dropInnerSegments(cpu: Cpu): void {
  const s = cpu.state;
  let dropped = false;
  for (const seg of [Seg.ES, Seg.FS, Seg.GS, Seg.DS] as const) {
    const access = s.access(seg);
    if (access & Access.UNUSABLE || isConforming({ access }) || dplOf({ access }) >= cpu.cpl) continue;
    s.setSegment(seg, nullSegment(0));
    dropped = true;
  }
  if (dropped) cpu.modeChanged();
}
