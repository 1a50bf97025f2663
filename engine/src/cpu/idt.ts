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
  markAccessed,
  nullSegment,
  parseDescriptor,
  SystemType,
  segmentOf,
  selectorFault,
  systemType,
} from './descriptors';
import { EventType, type PendingEvent } from './event';
import { checkCodeOffset } from './far-transfers';
import { hex } from './limits';
import { realModeSegment } from './segmentation';
import { innerStack, StackFrame, type StackSize, setStackPointer, tssPointer64 } from './stack';
import { Access, Flag, Seg, type SegmentValue, Slot } from './state';
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
  const at = BigInt.asUintN(32, s.u64[Slot.IDTR_BASE] + BigInt(event.vector * 4));
  const entry = cpu.mmu.read32(cpu, at, How.SUPERVISOR);
  if (entry === undefined) return false;
  const offset = BigInt(entry & 0xffff);
  if (offset > BigInt(s.segmentLimit(Seg.CS)))
    return gateFault(cpu, Vector.GP, event, 'points beyond the code segment limit');
  const flags = savedFlags(cpu, event);
  const stack = StackFrame.current(cpu);
  if (!stack.push(flags & 0xffff, 2) || !stack.push(s.selector(Seg.CS), 2) || !stack.push(event.returnRip, 2))
    return false;
  setStackPointer(cpu, stack.pointer, false, s.access(Seg.SS));
  s.setSegment(Seg.CS, realModeSegment(cpu, Seg.CS, entry >>> 16));
  s.u64[Slot.RIP] = offset;
  writeRflags(s, readRflags(s) & ~(Flag.IF | Flag.TF | Flag.RF | Flag.AC));
  cpu.modeChanged();
  return true;
}

// --- protected and long mode ------------------------------------------------------

interface Gate extends Descriptor {
  offset: bigint;
  /** Interrupt stack table index, long mode only. */
  ist: number;
}

function fetchGate(cpu: Cpu, event: PendingEvent): Gate | undefined {
  const s = cpu.state;
  const size = cpu.longMode ? 16 : 8;
  const at = event.vector * size;
  if (at + size - 1 > s.low(Slot.IDTR_LIMIT)) {
    gateFault(cpu, Vector.GP, event, `is beyond the IDT's limit ${hex(s.low(Slot.IDTR_LIMIT))}`);
    return undefined;
  }
  const address = BigInt.asUintN(64, s.u64[Slot.IDTR_BASE] + BigInt(at));
  const raw = cpu.mmu.read64(cpu, address, How.SUPERVISOR);
  if (raw === undefined) return undefined;
  const gate = parseDescriptor(event.vector * 8, address, Number(raw & 0xffffffffn), Number(raw >> 32n));
  const wide = (gate.access & 8) !== 0;
  let offset = BigInt(wide ? ((gate.high & 0xffff0000) | (gate.low & 0xffff)) >>> 0 : gate.low & 0xffff);
  if (cpu.longMode) {
    const upper = cpu.mmu.read64(cpu, BigInt.asUintN(64, address + 8n), How.SUPERVISOR);
    if (upper === undefined) return undefined;
    offset |= (upper & 0xffffffffn) << 32n;
  }
  // Spelt out: spreading an object costs more than the rest of the delivery.
  const { selector, low, high, base, limit, access } = gate;
  return { selector, address, low, high, base, limit, access, offset, ist: cpu.longMode ? high & 7 : 0 };
}

function throughGate(cpu: Cpu, event: PendingEvent): boolean {
  const gate = fetchGate(cpu, event);
  if (!gate) return false;
  const type = systemType(gate);
  const interrupt =
    type === SystemType.INTERRUPT_GATE || (!cpu.longMode && type === SystemType.INTERRUPT_GATE16);
  const trap = type === SystemType.TRAP_GATE || (!cpu.longMode && type === SystemType.TRAP_GATE16);
  const task = !cpu.longMode && type === SystemType.TASK_GATE;
  if (!interrupt && !trap && !task)
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
  if (task) return taskGate(cpu, gate, 'gate', event.returnRip, event.errorCode);

  const code = fetchHandlerCode(cpu, gate, event);
  if (!code) return false;
  const size: StackSize = cpu.longMode ? 8 : (gate.access & 8) !== 0 ? 4 : 2;
  const level = isConforming(code) ? cpu.cpl : dplOf(code);
  const target = handlerStack(cpu, gate, level);
  if (!target || !checkCodeOffset(cpu, code, gate.offset) || !markAccessed(cpu, code)) return false;
  if (!pushFrame(cpu, event, target, size)) return false;

  const s = cpu.state;
  const long = cpu.longMode;
  s.setSegment(Seg.SS, target.segment);
  setStackPointer(cpu, target.stack.pointer, long, target.segment.access);
  s.setSegment(Seg.CS, segmentOf(code, level));
  s.u64[Slot.RIP] = gate.offset;
  const cleared = Flag.TF | Flag.NT | Flag.RF | Flag.VM | (interrupt ? Flag.IF : 0);
  writeRflags(s, readRflags(s) & ~cleared);
  cpu.modeChanged();
  return true;
}

function fetchHandlerCode(cpu: Cpu, gate: Gate, event: PendingEvent): Descriptor | undefined {
  const selector = gate.low >>> 16;
  if (isNull(selector)) {
    cpu.raise(Vector.GP, 0, `IDT entry ${event.vector} has a null code selector.`);
    return undefined;
  }
  const code = fetchDescriptor(cpu, selector);
  if (!code) return undefined;
  const bad = (vector: Vector, why: string): undefined => {
    selectorFault(
      cpu,
      vector,
      selector,
      `Code segment ${hex(selector)} of IDT entry ${event.vector} ${why}.`,
    );
    return undefined;
  };
  if (!isCode(code)) return bad(Vector.GP, 'is not code');
  if (dplOf(code) > cpu.cpl)
    return bad(Vector.GP, `has DPL ${dplOf(code)}, less privileged than CPL ${cpu.cpl}`);
  if (cpu.longMode && (code.access & (Access.L | Access.DB)) !== Access.L)
    return bad(Vector.GP, 'is not a 64-bit code segment');
  if (!isPresent(code)) return bad(Vector.NP, 'is not present');
  return code;
}

interface HandlerStack {
  segment: SegmentValue;
  stack: StackFrame;
  switched: boolean;
}

/** The stack the handler gets: the present one, the inner ring's from the TSS, or an IST entry (SDM 3A 6.14.4–6.14.5). */
function handlerStack(cpu: Cpu, gate: Gate, level: number): HandlerStack | undefined {
  const s = cpu.state;
  const inner = level < cpu.cpl;
  const supervisor = level < 3;
  if (cpu.longMode) {
    let rsp: bigint | undefined = s.u64[Slot.RSP];
    if (gate.ist) rsp = tssPointer64(cpu, 36 + 8 * (gate.ist - 1));
    else if (inner) rsp = tssPointer64(cpu, 4 + 8 * level);
    if (rsp === undefined) return undefined;
    const segment = inner ? nullSegment(level, level) : s.segment(Seg.SS);
    // The frame is aligned to 16 bytes (SDM 3A 6.14.2).
    const stack = new StackFrame(cpu, segment, true, rsp & ~0xfn, 0, supervisor);
    return { segment, stack, switched: true };
  }
  if (!inner) {
    const segment = s.segment(Seg.SS);
    return {
      segment,
      stack: new StackFrame(cpu, segment, false, s.u64[Slot.RSP], 0, supervisor),
      switched: false,
    };
  }
  const fresh = innerStack(cpu, level);
  if (!fresh) return undefined;
  const errorCode = fresh.segment.selector & 0xfffc;
  const stack = new StackFrame(cpu, fresh.segment, false, fresh.pointer, errorCode, true);
  return { segment: fresh.segment, stack, switched: true };
}

function pushFrame(cpu: Cpu, event: PendingEvent, target: HandlerStack, size: StackSize): boolean {
  const s = cpu.state;
  const frame: (bigint | number)[] = target.switched ? [s.selector(Seg.SS), s.u64[Slot.RSP]] : [];
  frame.push(savedFlags(cpu, event), s.selector(Seg.CS), event.returnRip);
  if (event.errorCode !== undefined) frame.push(event.errorCode);
  return frame.every((value) => target.stack.push(value, size));
}
