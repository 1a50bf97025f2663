/** One event through the IDT or the interrupt vector table (SDM 3A 6.10–6.14, 21.1.4). */
import { readRflags, writeRflags } from '../ir/flags';
import { How } from '../memory/mmu';
import { type Cpu, Vector } from './cpu';
import {
  type Descriptor,
  dplOf,
  fetchDescriptor,
  isCode,
  isConforming,
  isNull,
  isPresent,
  loadBehind,
  markAccessed,
  readDescriptor,
  SystemType,
  selectorFault,
  setFromDescriptor,
  systemType,
} from './descriptors';
import { EventType, type PendingEvent } from './event';
import { checkCodeOffset } from './far-transfers';
import { hex } from './limits';
import { realModeSegment } from './segmentation';
import { innerStack, StackFrame, type StackSize, setInnerStack, setStackPointer, tssStack64 } from './stack';
import { Access, Flag, Seg, Slot } from './state';
import { taskGate } from './tasks';

/**
 * Carries one event to its handler. False after a fault, exit or stop; unless a
 * task switch had begun, nothing architectural has then changed.
 */
export function enterHandler(cpu: Cpu, event: PendingEvent): boolean {
  return cpu.realMode ? throughVectorTable(cpu, event) : throughGate(cpu, event);
}

/** Raises `vector` with an error code that names an IDT entry (SDM 3A 6.13). */
function gateFault(cpu: Cpu, vector: Vector, event: PendingEvent, why: string): false {
  cpu.raise(vector, event.vector * 8 + 2, `IDT entry ${event.vector} ${why}.`);
  return false;
}

/** RFLAGS as it is saved: faults are saved with RF set, so that a breakpoint does not recur (SDM 3B 18.3.1.1). */
function savedFlags(cpu: Cpu, event: PendingEvent): number {
  const flags = readRflags(cpu.state);
  const fault = event.type === EventType.HARDWARE && !event.injected && !isTrap(event);
  return fault ? flags | Flag.RF : flags;
}

/** #DB is a trap unless it is general detect; #BP and #OF come as software exceptions. */
export function isTrap(event: PendingEvent): boolean {
  if (event.vector === Vector.DB) return ((event.payload ?? 0n) & (1n << 13n)) === 0n;
  return event.vector === Vector.BP || event.vector === Vector.OF;
}

// --- real-address mode (SDM 3A 21.1.4) ------------------------------------------

function throughVectorTable(cpu: Cpu, event: PendingEvent): boolean {
  const s = cpu.state;
  if (event.vector * 4 + 3 > s.low(Slot.IDTR_LIMIT))
    return gateFault(
      cpu,
      Vector.GP,
      event,
      `is beyond the interrupt table's limit ${hex(s.low(Slot.IDTR_LIMIT))}`,
    );
  const at = (s.low(Slot.IDTR_BASE) + event.vector * 4) >>> 0;
  if (!cpu.mmu.load(cpu, at, 0, 4, How.SUPERVISOR)) return false;
  const entry = cpu.mmu.valueLo;
  const offset = entry & 0xffff;
  if (offset > s.segmentLimit(Seg.CS))
    return gateFault(cpu, Vector.GP, event, 'points beyond the code segment limit');
  const flags = savedFlags(cpu, event);
  const stack = StackFrame.current(cpu);
  if (!stack.push(flags, 0, 2) || !stack.push(s.selector(Seg.CS), 0, 2) || !stack.push(event.returnLow, 0, 2))
    return false;
  setStackPointer(cpu, stack.low, stack.high, false, s.access(Seg.SS));
  s.setSegment(Seg.CS, realModeSegment(cpu, Seg.CS, entry >>> 16));
  s.setLow(Slot.RIP, offset);
  writeRflags(s, readRflags(s) & ~(Flag.IF | Flag.TF | Flag.RF | Flag.AC));
  cpu.segmentsChanged();
  return true;
}

// --- protected and long mode ------------------------------------------------------

function fetchGate(cpu: Cpu, event: PendingEvent): Descriptor | undefined {
  const s = cpu.state;
  const size = cpu.longMode ? 16 : 8;
  const at = event.vector * size;
  if (at + size - 1 > s.low(Slot.IDTR_LIMIT)) {
    gateFault(cpu, Vector.GP, event, `is beyond the IDT's limit ${hex(s.low(Slot.IDTR_LIMIT))}`);
    return undefined;
  }
  return readDescriptor(cpu, event.vector * 8, Slot.IDTR_BASE, at);
}

/** Interrupt, trap or task gate; 16-bit and task gates are none in long mode (SDM 3A 6.14.1). */
function isEventGate(cpu: Cpu, type: number): boolean {
  if (type === SystemType.INTERRUPT_GATE || type === SystemType.TRAP_GATE) return true;
  if (cpu.longMode) return false;
  return (
    type === SystemType.INTERRUPT_GATE16 || type === SystemType.TRAP_GATE16 || type === SystemType.TASK_GATE
  );
}

function throughGate(cpu: Cpu, event: PendingEvent): boolean {
  const s = cpu.state;
  const long = cpu.longMode;
  const gate = fetchGate(cpu, event);
  if (!gate) return false;
  if (long && !loadBehind(cpu, gate, 8)) return false;
  const offsetHigh = long ? cpu.mmu.valueLo : 0;
  const type = systemType(gate);
  if (!isEventGate(cpu, type))
    return gateFault(
      cpu,
      Vector.GP,
      event,
      `is not an interrupt, trap or task gate (access byte ${hex(gate.access & 0xff)})`,
    );
  // INT n, INT3 and INTO need a gate they may use; INT1 and real events do not (SDM 3A 6.12.1.1).
  const checked = event.type === EventType.SOFTWARE || event.type === EventType.SOFTWARE_EXCEPTION;
  if (checked && dplOf(gate) < cpu.cpl)
    return gateFault(
      cpu,
      Vector.GP,
      event,
      `has DPL ${dplOf(gate)}, but the software interrupt comes from CPL ${cpu.cpl}`,
    );
  if (!isPresent(gate)) return gateFault(cpu, Vector.NP, event, 'is not present');
  if (type === SystemType.TASK_GATE) {
    const returnRip = (BigInt(event.returnHigh) << 32n) | BigInt(event.returnLow);
    return taskGate(cpu, gate, 'gate', returnRip, event.errorCode);
  }

  const code = fetchHandlerCode(cpu, gate, event);
  if (!code) return false;
  const size: StackSize = long ? 8 : (gate.access & 8) !== 0 ? 4 : 2;
  const level = isConforming(code) ? cpu.cpl : dplOf(code);
  const inner = level < cpu.cpl;
  const stack = handlerStack(cpu, gate, level, inner);
  if (!stack || !checkCodeOffset(cpu, code, gate.offset, offsetHigh) || !markAccessed(cpu, code))
    return false;
  if (!pushFrame(cpu, event, stack, size, inner || long)) return false;

  if (inner) setInnerStack(cpu, stack, level);
  else setStackPointer(cpu, stack.low, stack.high, long, s.access(Seg.SS));
  setFromDescriptor(cpu, Seg.CS, code, level);
  s.setHalves(Slot.RIP, gate.offset, offsetHigh);
  const interrupt = type === SystemType.INTERRUPT_GATE || type === SystemType.INTERRUPT_GATE16;
  const cleared = Flag.TF | Flag.NT | Flag.RF | Flag.VM | (interrupt ? Flag.IF : 0);
  s.u32[Slot.RFLAGS * 2] &= ~cleared; // none of the arithmetic flags, which are not kept there
  cpu.segmentsChanged();
  return true;
}

function fetchHandlerCode(cpu: Cpu, gate: Descriptor, event: PendingEvent): Descriptor | undefined {
  const selector = gate.low >>> 16;
  if (isNull(selector)) {
    cpu.raise(Vector.GP, 0, `IDT entry ${event.vector} has a null code selector.`);
    return undefined;
  }
  const code = fetchDescriptor(cpu, selector);
  if (!code) return undefined;
  if (!isCode(code)) return badHandler(cpu, Vector.GP, selector, event, 'is not code');
  if (dplOf(code) > cpu.cpl)
    return badHandler(
      cpu,
      Vector.GP,
      selector,
      event,
      `has DPL ${dplOf(code)}, less privileged than CPL ${cpu.cpl}`,
    );
  if (cpu.longMode && (code.access & (Access.L | Access.DB)) !== Access.L)
    return badHandler(cpu, Vector.GP, selector, event, 'is not a 64-bit code segment');
  if (!isPresent(code)) return badHandler(cpu, Vector.NP, selector, event, 'is not present');
  return code;
}

function badHandler(cpu: Cpu, vector: Vector, selector: number, event: PendingEvent, why: string): undefined {
  selectorFault(cpu, vector, selector, `Code segment ${hex(selector)} of IDT entry ${event.vector} ${why}.`);
}

/** The stack the handler gets: the present one, the inner ring's from the TSS, or an IST entry (SDM 3A 6.14.4–6.14.5). */
function handlerStack(cpu: Cpu, gate: Descriptor, level: number, inner: boolean): StackFrame | undefined {
  const supervisor = level < 3;
  if (!cpu.longMode) return inner ? innerStack(cpu, level) : StackFrame.current(cpu, supervisor);
  const ist = gate.high & 7;
  if (ist) return tssStack64(cpu, 36 + 8 * (ist - 1), supervisor, true);
  if (inner) return tssStack64(cpu, 4 + 8 * level, supervisor, true);
  // The frame is aligned to 16 bytes (SDM 3A 6.14.2).
  const { state } = cpu;
  const aligned = (state.low(Slot.RSP) & ~0xf) >>> 0;
  return new StackFrame(cpu, undefined, aligned, state.high(Slot.RSP), 0, supervisor);
}

/** Pushes the frame: SS:RSP if the stack was switched, and always in long mode (SDM 3A 6.14.2). */
function pushFrame(
  cpu: Cpu,
  event: PendingEvent,
  stack: StackFrame,
  size: StackSize,
  withStack: boolean,
): boolean {
  const s = cpu.state;
  const flags = savedFlags(cpu, event);
  const withError = event.errorCode !== undefined;
  const bytes = (3 + (withStack ? 2 : 0) + (withError ? 1 : 0)) * size;
  let at = stack.reach(bytes, true);
  if (at >= 0) {
    stack.move(-bytes);
    const { view } = cpu.mmu;
    if (withError) {
      put(view, at, size, event.errorCode!, 0);
      at += size;
    }
    put(view, at, size, event.returnLow, event.returnHigh);
    put(view, at + size, size, s.selector(Seg.CS), 0);
    put(view, at + 2 * size, size, flags, 0);
    if (!withStack) return true;
    put(view, at + 3 * size, size, s.low(Slot.RSP), s.high(Slot.RSP));
    put(view, at + 4 * size, size, s.selector(Seg.SS), 0);
    return true;
  }
  if (withStack) {
    if (!stack.push(s.selector(Seg.SS), 0, size)) return false;
    if (!stack.push(s.low(Slot.RSP), s.high(Slot.RSP), size)) return false;
  }
  return (
    stack.push(flags, 0, size) &&
    stack.push(s.selector(Seg.CS), 0, size) &&
    stack.push(event.returnLow, event.returnHigh, size) &&
    (event.errorCode === undefined || stack.push(event.errorCode, 0, size))
  );
}

function put(view: DataView, at: number, size: StackSize, low: number, high: number): void {
  if (size === 2) view.setUint16(at, low, true);
  else view.setUint32(at, low, true);
  if (size === 8) view.setUint32(at + 4, high, true);
}
