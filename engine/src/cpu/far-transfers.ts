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
  SystemType,
  selectorFault,
  setFromDescriptor,
  systemType,
} from './descriptors';
import { hex, hexHalves, isCanonicalHigh, nextRip } from './limits';
import { realModeSegment } from './segmentation';
import { innerStack, StackFrame, type StackSize, setInnerStack, setStackPointer, tssStack64 } from './stack';
import { Access, Seg, Slot } from './state';
import { fetchTss, taskGate, taskSwitch } from './tasks';

/** Whether the code segment runs 64-bit code here. */
export function is64(cpu: Cpu, d: { access: number }): boolean {
  return cpu.longMode && (d.access & Access.L) !== 0;
}

/** Checks an instruction pointer against its code segment: canonical or within the limit, else #GP(0). */
export function checkCodeOffset(cpu: Cpu, code: Descriptor, low: number, high: number): boolean {
  if (is64(cpu, code))
    return (
      isCanonicalHigh(high) ||
      generalProtection(cpu, `Branch to ${hexHalves(low, high)}, which is not canonical.`)
    );
  if (high === 0 && low <= code.limit) return true;
  return generalProtection(
    cpu,
    `Branch to offset ${hexHalves(low, high)} outside code segment ${hex(code.selector)}'s limit ${hex(code.limit)}.`,
  );
}

/** In long mode a code segment may not have both L and D; raises #GP(selector). */
export function checkCodeSize(cpu: Cpu, d: Descriptor): boolean {
  if (!cpu.longMode || (d.access & (Access.L | Access.DB)) !== (Access.L | Access.DB)) return true;
  return selectorFault(cpu, Vector.GP, d.selector, `Code segment ${hex(d.selector)} has both L and D set.`);
}

function commitCode(cpu: Cpu, code: Descriptor, cpl: number, offset: bigint): void {
  setFromDescriptor(cpu, Seg.CS, code, cpl);
  cpu.state.u64[Slot.RIP] = offset;
}

function checkOffset(cpu: Cpu, code: Descriptor, offset: bigint): boolean {
  return checkCodeOffset(cpu, code, Number(offset & 0xffffffffn), Number(offset >> 32n));
}

/** Pushes CS and the address of the next instruction. */
function pushReturn(cpu: Cpu, stack: StackFrame, size: StackSize): boolean {
  const rip = nextRip(cpu);
  return (
    stack.push(cpu.state.selector(Seg.CS), 0, size) &&
    stack.push(Number(rip & 0xffffffffn), Number(rip >> 32n), size)
  );
}

/** Far JMP to selector:offset. Sets CS:RIP; false after a fault, exit or stop. */
export function farJump(cpu: Cpu, selector: number, offset: bigint): boolean {
  if (cpu.realMode) return realTransfer(cpu, selector, offset, 0);
  const d = fetchTarget(cpu, selector);
  if (!d) return false;
  if (!(d.access & Access.S)) return throughSystem(cpu, d, 'jmp');
  if (!checkDirect(cpu, d) || !checkOffset(cpu, d, offset) || !markAccessed(cpu, d)) return false;
  commitCode(cpu, d, cpu.cpl, offset);
  cpu.segmentsChanged();
  return true;
}

/** Far CALL to selector:offset with return address of `size` bytes. False after a fault, exit or stop. */
export function farCall(cpu: Cpu, selector: number, offset: bigint, size: StackSize): boolean {
  if (cpu.realMode) return realTransfer(cpu, selector, offset, size);
  const d = fetchTarget(cpu, selector);
  if (!d) return false;
  if (!(d.access & Access.S)) return throughSystem(cpu, d, 'call');
  if (!checkDirect(cpu, d) || !checkOffset(cpu, d, offset) || !markAccessed(cpu, d)) return false;
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
    if (!pushReturn(cpu, stack, size)) return false;
    setStackPointer(cpu, stack.low, stack.high, false, s.access(Seg.SS));
  }
  s.setSegment(Seg.CS, realModeSegment(cpu, Seg.CS, selector));
  s.u64[Slot.RIP] = offset;
  cpu.segmentsChanged();
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
  let offset = BigInt(gate.offset);
  if (cpu.longMode) {
    const upper = fetchUpperHalf(cpu, gate);
    if (upper === undefined) return false;
    offset |= BigInt(upper) << 32n;
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
  if (!checkOffset(cpu, code, offset) || !markAccessed(cpu, code)) return false;

  if (how === 'jmp') {
    commitCode(cpu, code, cpu.cpl, offset);
    cpu.segmentsChanged();
    return true;
  }
  const size: StackSize = cpu.longMode ? 8 : systemType(gate) === SystemType.CALL_GATE ? 4 : 2;
  if (!isConforming(code) && dpl < cpu.cpl)
    return callInnerLevel(cpu, code, offset, size, cpu.longMode ? 0 : gate.high & 0x1f);
  return callSameLevel(cpu, code, offset, size);
}

function callSameLevel(cpu: Cpu, code: Descriptor, offset: bigint, size: StackSize): boolean {
  const s = cpu.state;
  const stack = StackFrame.current(cpu);
  if (!pushReturn(cpu, stack, size)) return false;
  setStackPointer(cpu, stack.low, stack.high, cpu.code64, s.access(Seg.SS));
  commitCode(cpu, code, cpu.cpl, offset);
  cpu.segmentsChanged();
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
  const stack = cpu.longMode ? tssStack64(cpu, 4 + 8 * level, true, false) : innerStack(cpu, level);
  if (!stack) return false;

  const words: number[] = [];
  const old = StackFrame.current(cpu);
  for (let i = 0; i < parameters; i++) {
    if (!old.pop(size)) return false;
    words.push(old.valueLow);
  }
  if (!stack.push(s.selector(Seg.SS), 0, size)) return false;
  if (!stack.push(s.low(Slot.RSP), s.high(Slot.RSP), size)) return false;
  for (const word of words.reverse()) if (!stack.push(word, 0, size)) return false;
  if (!pushReturn(cpu, stack, size)) return false;

  setInnerStack(cpu, stack, level);
  commitCode(cpu, code, level, offset);
  cpu.segmentsChanged();
  return true;
}
