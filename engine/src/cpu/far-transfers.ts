/** Far JMP and CALL: code segments, call gates, task gates and TSSs (SDM 3A 5.8, SDM 2A "CALL", "JMP"). */
import { type Cpu, Vector } from './cpu';
import {
  type Descriptor,
  dplOf,
  fetchDescriptor,
  fetchUpperHalf,
  generalProtection,
  isCode,
  isConforming,
  isNull,
  isPresent,
  markAccessed,
  nullSegment,
  SystemType,
  segmentOf,
  selectorFault,
  systemType,
} from './descriptors';
import { hex, isCanonical, nextRip } from './limits';
import { realModeSegment } from './segmentation';
import { innerStack, StackFrame, type StackSize, setStackPointer, tssPointer64 } from './stack';
import { Access, Seg, type SegmentValue, Slot } from './state';
import { fetchTss, taskGate, taskSwitch } from './tasks';

/** Whether the code segment runs 64-bit code here. */
export function is64(cpu: Cpu, d: { access: number }): boolean {
  return cpu.longMode && (d.access & Access.L) !== 0;
}

/** Checks an instruction pointer against its code segment: canonical or within the limit, else #GP(0). */
export function checkCodeOffset(cpu: Cpu, code: Descriptor, offset: bigint): boolean {
  if (is64(cpu, code))
    return isCanonical(offset) || generalProtection(cpu, `Branch to ${hex(offset)}, which is not canonical.`);
  return (
    offset <= BigInt(code.limit) ||
    generalProtection(
      cpu,
      `Branch to offset ${hex(offset)} outside code segment ${hex(code.selector)}'s limit ${hex(code.limit)}.`,
    )
  );
}

/** In long mode a code segment may not have both L and D; raises #GP(selector). */
export function checkCodeSize(cpu: Cpu, d: Descriptor): boolean {
  if (!cpu.longMode || (d.access & (Access.L | Access.DB)) !== (Access.L | Access.DB)) return true;
  return selectorFault(cpu, Vector.GP, d.selector, `Code segment ${hex(d.selector)} has both L and D set.`);
}

function commitCode(cpu: Cpu, code: Descriptor, cpl: number, rip: bigint): void {
  cpu.state.setSegment(Seg.CS, segmentOf(code, cpl));
  cpu.state.u64[Slot.RIP] = rip;
}

/** Far JMP to selector:offset. Sets CS:RIP; false after a fault, exit or stop. */
export function farJump(cpu: Cpu, selector: number, offset: bigint): boolean {
  if (cpu.realMode) return realTransfer(cpu, selector, offset, 0);
  const d = fetchTarget(cpu, selector);
  if (!d) return false;
  if (!(d.access & Access.S)) return throughSystem(cpu, d, 'jmp');
  if (!checkDirect(cpu, d) || !checkCodeOffset(cpu, d, offset) || !markAccessed(cpu, d)) return false;
  commitCode(cpu, d, cpu.cpl, offset);
  cpu.modeChanged();
  return true;
}

/** Far CALL to selector:offset with return address of `size` bytes. False after a fault, exit or stop. */
export function farCall(cpu: Cpu, selector: number, offset: bigint, size: StackSize): boolean {
  if (cpu.realMode) return realTransfer(cpu, selector, offset, size);
  const d = fetchTarget(cpu, selector);
  if (!d) return false;
  if (!(d.access & Access.S)) return throughSystem(cpu, d, 'call');
  if (!checkDirect(cpu, d) || !checkCodeOffset(cpu, d, offset) || !markAccessed(cpu, d)) return false;
  return callSameLevel(cpu, d, offset, size);
}

function fetchTarget(cpu: Cpu, selector: number): Descriptor | undefined {
  if (!isNull(selector)) return fetchDescriptor(cpu, selector);
  generalProtection(cpu, 'Far transfer to a null selector.');
  return undefined;
}

function realTransfer(cpu: Cpu, selector: number, offset: bigint, size: StackSize | 0): boolean {
  const s = cpu.state;
  if (offset > BigInt(s.segmentLimit(Seg.CS)))
    return generalProtection(cpu, `Far transfer to offset ${hex(offset)} beyond the code segment's limit.`);
  if (size !== 0) {
    const stack = StackFrame.current(cpu);
    if (!stack.push(s.selector(Seg.CS), size) || !stack.push(nextRip(cpu), size)) return false;
    setStackPointer(cpu, stack.pointer, false, s.access(Seg.SS));
  }
  s.setSegment(Seg.CS, realModeSegment(cpu, Seg.CS, selector));
  s.u64[Slot.RIP] = offset;
  cpu.modeChanged();
  return true;
}

/** Privilege checks of a direct transfer to a code segment (SDM 3A 5.8.1). */
function checkDirect(cpu: Cpu, d: Descriptor): boolean {
  const bad = (vector: Vector, why: string) =>
    selectorFault(cpu, vector, d.selector, `Far transfer to selector ${hex(d.selector)}: ${why}.`);
  const dpl = dplOf(d);
  if (!isCode(d)) return bad(Vector.GP, 'it is a data segment');
  if (isConforming(d)) {
    if (dpl > cpu.cpl) return bad(Vector.GP, `conforming code of DPL ${dpl} from CPL ${cpu.cpl}`);
  } else if ((d.selector & 3) > cpu.cpl || dpl !== cpu.cpl)
    return bad(Vector.GP, `DPL ${dpl}, RPL ${d.selector & 3} from CPL ${cpu.cpl}`);
  if (!checkCodeSize(cpu, d)) return false;
  return isPresent(d) || bad(Vector.NP, 'it is not present');
}

/** Through a call gate, task gate or TSS. */
function throughSystem(cpu: Cpu, d: Descriptor, how: 'jmp' | 'call'): boolean {
  const type = systemType(d);
  const gate = type === SystemType.CALL_GATE || (type === SystemType.CALL_GATE16 && !cpu.longMode);
  const task =
    !cpu.longMode &&
    (type === SystemType.TASK_GATE ||
      type === SystemType.TSS_AVAILABLE ||
      type === SystemType.TSS16_AVAILABLE);
  if (!gate && !task)
    return selectorFault(
      cpu,
      Vector.GP,
      d.selector,
      `Far transfer to selector ${hex(d.selector)}, a system descriptor of type ${type} that cannot be entered.`,
    );
  if (dplOf(d) < Math.max(cpu.cpl, d.selector & 3))
    return selectorFault(
      cpu,
      Vector.GP,
      d.selector,
      `Gate or TSS ${hex(d.selector)} has DPL ${dplOf(d)}, less than CPL ${cpu.cpl} or RPL ${d.selector & 3}.`,
    );
  if (!isPresent(d))
    return selectorFault(cpu, Vector.NP, d.selector, `Gate or TSS ${hex(d.selector)} is not present.`);
  if (gate) return callGate(cpu, d, how);
  if (type === SystemType.TASK_GATE) return taskGate(cpu, d, how, nextRip(cpu));
  const tss = fetchTss(cpu, d.selector, false, Vector.GP);
  return tss !== undefined && taskSwitch(cpu, tss, how, nextRip(cpu));
}

function callGate(cpu: Cpu, gate: Descriptor, how: 'jmp' | 'call'): boolean {
  const wide = systemType(gate) === SystemType.CALL_GATE;
  let offset = BigInt(wide ? ((gate.high & 0xffff0000) | (gate.low & 0xffff)) >>> 0 : gate.low & 0xffff);
  if (cpu.longMode) {
    const upper = fetchUpperHalf(cpu, gate);
    if (upper === undefined) return false;
    offset |= upper;
  }
  const code = fetchTarget(cpu, gate.low >>> 16);
  if (!code) return false;
  const bad = (vector: Vector, why: string) =>
    selectorFault(
      cpu,
      vector,
      code.selector,
      `Code segment ${hex(code.selector)} of call gate ${hex(gate.selector)} ${why}.`,
    );
  const dpl = dplOf(code);
  if (!isCode(code)) return bad(Vector.GP, 'is not code');
  if (dpl > cpu.cpl) return bad(Vector.GP, `has DPL ${dpl}, less privileged than CPL ${cpu.cpl}`);
  if (how === 'jmp' && !isConforming(code) && dpl !== cpu.cpl)
    return bad(Vector.GP, 'is more privileged, which JMP cannot enter');
  if (cpu.longMode && (code.access & (Access.L | Access.DB)) !== Access.L)
    return bad(Vector.GP, 'is not a 64-bit code segment');
  if (!isPresent(code)) return bad(Vector.NP, 'is not present');
  if (!checkCodeOffset(cpu, code, offset) || !markAccessed(cpu, code)) return false;

  if (how === 'jmp') {
    commitCode(cpu, code, cpu.cpl, offset);
    cpu.modeChanged();
    return true;
  }
  const size: StackSize = cpu.longMode ? 8 : wide ? 4 : 2;
  if (!isConforming(code) && dpl < cpu.cpl)
    return callInnerLevel(cpu, code, offset, size, cpu.longMode ? 0 : gate.high & 0x1f);
  return callSameLevel(cpu, code, offset, size);
}

function callSameLevel(cpu: Cpu, code: Descriptor, offset: bigint, size: StackSize): boolean {
  const s = cpu.state;
  const stack = StackFrame.current(cpu);
  if (!stack.push(s.selector(Seg.CS), size) || !stack.push(nextRip(cpu), size)) return false;
  setStackPointer(cpu, stack.pointer, cpu.code64, s.access(Seg.SS));
  commitCode(cpu, code, cpu.cpl, offset);
  cpu.modeChanged();
  return true;
}

/** A call gate to a more privileged segment: stack from the TSS, parameters copied (SDM 3A 5.8.5). */
function callInnerLevel(
  cpu: Cpu,
  code: Descriptor,
  offset: bigint,
  size: StackSize,
  parameters: number,
): boolean {
  const s = cpu.state;
  const level = dplOf(code);
  let segment: SegmentValue;
  let pointer: bigint;
  if (cpu.longMode) {
    const rsp = tssPointer64(cpu, 4 + 8 * level);
    if (rsp === undefined) return false;
    segment = nullSegment(level, level);
    pointer = rsp;
  } else {
    const inner = innerStack(cpu, level);
    if (!inner) return false;
    ({ segment, pointer } = inner);
  }

  const words: bigint[] = [];
  const old = StackFrame.current(cpu);
  for (let i = 0; i < parameters; i++) {
    const word = old.pop(size);
    if (word === undefined) return false;
    words.push(word);
  }
  const stack = new StackFrame(cpu, segment, cpu.longMode, pointer, segment.selector & 0xfffc, true);
  const frame = [BigInt(s.selector(Seg.SS)), s.u64[Slot.RSP], ...words.reverse()];
  frame.push(BigInt(s.selector(Seg.CS)), nextRip(cpu));
  for (const value of frame) if (!stack.push(value, size)) return false;

  const long = cpu.longMode;
  s.setSegment(Seg.SS, segment);
  setStackPointer(cpu, stack.pointer, long, segment.access);
  commitCode(cpu, code, level, offset);
  cpu.modeChanged();
  return true;
}
